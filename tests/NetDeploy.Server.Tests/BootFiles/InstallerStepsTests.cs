namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>Our part within Debian's installer, its functions one by one: in a shell, with what is around them faked.</summary>
public sealed class InstallerStepsTests : IDisposable
{
    private const string Esp = "269 269 269 fat32 $iflabel{ gpt } $reusemethod{ } method{ efi } format{ } .";

    private readonly Scratch scratch = new();

    [Theory]
    [InlineData("uefi", Esp)]
    [InlineData("bios", "269 269 269 fat32 $iflabel{ gpt } $reusemethod{ } method{ format } format{ } use_filesystem{ } filesystem{ fat32 } mountpoint{ /boot/efi } .")]
    public async Task A_recipe_is_fitted_to_the_firmware_that_started(string firmware, string expected) =>
        Assert.Equal(expected, await Run($"firmware_kind() {{ echo {firmware}; }}", $"for_this_firmware '{Esp}'"));

    [Fact]
    public async Task The_disk_that_partman_gets_is_the_one_of_the_plan()
    {
        scratch.Write("plan", "step_plan '1' 'd' 'm'\nstep_select_disk 'system' '' '' '' '' '' ''\nstep_disk_size 'system' '9'\nstep_claim\n");

        Assert.Equal("system\n", await Run("", "disk_of_plan"));
    }

    [Fact]
    public async Task A_refused_claim_powers_the_machine_off_and_says_why()
    {
        var said = await Run(
            "http() { echo \"$2 $3\" >>\"$ND/asked\"; echo 'refused the deployment is expired' >\"$ND/answer\"; }\nwrite_claim() { :; }\nbegin() { :; }\nsay() { echo \"$*\"; }\none_line() { echo \"$*\"; }\nreport_failed() { echo \"reported $1\"; }\nsleep() { :; }\npoweroff() { echo OFF; exit 0; }",
            "step_claim");

        Assert.Equal("the claim was not granted: refused the deployment is expired; nothing was written, powering off\nreported step_claim\nOFF\n", said);
    }

    [Fact]
    public async Task A_granted_claim_is_asked_for_once()
    {
        const string Around = "http() { echo asked; echo granted >\"$ND/answer\"; }\nwrite_claim() { :; }\nbegin() { :; }\nsay() { :; }\nname_disk_to_partman() { :; }\nreplace_hooks() { :; }";

        Assert.Equal("asked\n", await Run(Around, "step_claim; echo never"));
        Assert.Equal("on\n", await Run(Around, "step_claim; echo on"));
    }

    [Theory]
    [InlineData("lvm", "n :: 1 2 -1 ext4 $defaultignore{ } $primary{ } method{ lvm } vg_name{ vg0 } .")]
    [InlineData("regular", "n :: 1 2 -1 ext4 $primary{ } method{ format } format{ } use_filesystem{ } filesystem{ ext4 } mountpoint{ / } .")]
    public async Task Partman_may_begin_and_write_only_once_the_claim_is_granted(string method, string recipe)
    {
        var around = $"http() {{ echo \"$4\" | grep -q claim && echo claim; echo $ANSWER >\"$ND/answer\"; }}\nwrite_claim() {{ :; }}\nbegin() {{ :; }}\nsay() {{ :; }}\nreport_failed() {{ :; }}\nsleep() {{ :; }}\npoweroff() {{ exit 0; }}\nreplace_hooks() {{ :; }}\none_line() {{ echo \"$*\"; }}\n"
            + $"must() {{ shift; \"$@\"; }}\ndisk_of_plan() {{ echo root; }}\ndisk_path() {{ echo /dev/vdq; }}\nfirmware_kind() {{ echo uefi; }}\n"
            + $"debconf() {{ case $1 in debconf-get) echo '{recipe}' ;; debconf-set-selections) cat \"$2\" ;; *) echo \"$@\" ;; esac; }}\n";

        Assert.Equal("claim\n", await Run(around + "ANSWER=refused", "step_claim"));

        var said = await Run(around + "ANSWER=granted", "step_claim");
        Assert.StartsWith($"claim\ndebconf-set partman-auto/disk /dev/vdq\ndebconf-set partman-auto/expert_recipe {recipe}\nd-i partman-auto/method string {method}\n", said, StringComparison.Ordinal);
        Assert.EndsWith("d-i partman/confirm boolean true\nd-i partman/confirm_nooverwrite boolean true\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partman_that_is_asked_for_again_starts_no_step_of_the_plan()
    {
        const string Around = "remember_disks() { :; }\nwait_for_disks() { :; }\nrun_plan() { echo plan; }";

        Assert.Equal("plan\n", await Run(Around, "partition"));
        Assert.Equal("", await Run(Around, ": >\"$ND/claimed\"; partition"));
    }

    [Fact]
    public async Task No_token_stays_in_what_the_installer_saved()
    {
        var saved = scratch.Write("target/var/log/installer/syslog", "url http://x/preseed/-TOKEN-a_b end\nother\n");
        scratch.Write("target/var/log/installer/cdebconf/questions.dat", "Value: http://x/preseed/-TOKEN-a_b\n");

        await Run("token=-TOKEN-a_b", "clean_saved_logs");

        Assert.Equal("url http://x/preseed/(token) end\nother\n", await File.ReadAllTextAsync(saved));
        Assert.All(Directory.EnumerateFiles(scratch.Path + "/target", "*", SearchOption.AllDirectories), f => Assert.DoesNotContain("TOKEN", File.ReadAllText(f), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Disks_that_were_bound_before_partman_are_not_looked_for_again() =>
        Assert.Equal("bound\n", await Run("step_select_disk() { echo searched; }", "keep_disks; step_select_disk root '' '' '' '' '' ''; step_select_disks s 2; step_disk_size root 99; echo bound"));

    public void Dispose() => scratch.Dispose();

    private async Task<string> Run(string around, string call)
    {
        Directory.CreateDirectory(Path.Combine(scratch.Path, "disks"));
        var steps = Path.Combine(SourceTree.BootFiles, "installer/steps.sh");
        var script = scratch.Script("run", $"ND={scratch.Path} TARGET={scratch.Path}/target home=/nowhere token= claimed= unpacked=\n. {steps}\n{around}\n{call}\n");
        var result = await ShellRun.Async(script, []);
        Assert.Equal("", result.Error);
        return result.Output;
    }
}
