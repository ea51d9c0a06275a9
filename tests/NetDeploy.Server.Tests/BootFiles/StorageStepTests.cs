namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>
/// Steps that are decided before a disk is touched, by the environment's own shell on hardware that the test makes up: disks are
/// lines of text, a failure is the last word.
/// </summary>
public sealed class StorageStepTests : IDisposable
{
    private readonly Scratch scratch = new();

    [Theory]
    [InlineData("step_select_disks system 2 '' '' '' '' '' ''", "system-1=/dev/sda system-2=/dev/sdb")]
    [InlineData("step_select_disks system 3 '' '' '' '' '' ''", "failed: 2 disks fit 'system', 3 must; seen: /dev/sda 8589934592 bytes")]
    [InlineData("step_select_disks system 2 '9000000000' '' '' '' '' ''", "failed: 1 disks fit 'system', 2 must")]
    [InlineData("step_select_disks system 2 '' '' nvme '' '' ''", "failed: 0 disks fit 'system', 2 must")]
    [InlineData("step_select_disk a '9000000000' '' '' '' '' ''; step_select_disks b 2 '' '' '' '' '' ''", "failed: /dev/sdb fits 'b-2' and another disk of the plan")]
    public async Task A_set_takes_exactly_the_disks_that_fit(string steps, string expected) => Assert.Contains(expected, await RunAsync(steps), StringComparison.Ordinal);

    [Theory]
    [InlineData(8192, "system=/dev/sda")]
    [InlineData(8193, "failed: disk 'system' (/dev/sda) is too small for its layout: it has 8.00 GiB, 8.00 GiB are needed; nothing was written")]
    [InlineData(20480, "it has 8.00 GiB, 20.00 GiB are needed")]
    [InlineData(4_000_000, "3906.25 GiB are needed")]
    public async Task A_layout_that_is_larger_than_its_disk_is_refused_before_the_claim(long mib, string expected) =>
        Assert.Contains(expected, await RunAsync($"step_select_disk system '' 9000000000 '' '' '' ''; step_disk_size system {mib}"), StringComparison.Ordinal);

    [Fact]
    public async Task What_writes_comes_after_the_claim()
    {
        foreach (var step in (string[])["step_wipe a", "step_partition_table a gpt", "step_raid m 1 disk:a:1 disk:b:1", "step_luks c disk:a:1 ''", "step_volume_group v disk:a:1", "step_subvolume disk:a:1 x", "step_esp_copy disk:a:1"])
        {
            Assert.Contains("failed: the plan writes before step_claim; nothing was written", await RunAsync(step), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("disk:system:3", "/dev/sda3")]
    [InlineData("raid:boot", "/dev/md/boot")]
    [InlineData("luks:system_crypt", "/dev/mapper/system_crypt")]
    [InlineData("lv:vg0/root", "/dev/vg0/root")]
    [InlineData("raid", "")]
    public async Task A_device_of_the_plan_is_a_path(string device, string path) =>
        Assert.Equal(path, (await RunAsync($"step_select_disk system '' 9000000000 '' '' '' ''; echo \"is=$(device_path {device})\"")).Split('\n').Single(l => l.StartsWith("is=", StringComparison.Ordinal))[3..]);

    [Theory]
    [InlineData("", "failed: this machine has no TPM 2.0")]
    [InlineData("1", "failed: this machine has no TPM 2.0")]
    [InlineData("2", "done")]
    public async Task A_TPM_is_looked_for_before_the_claim(string major, string expected) =>
        Assert.Contains(expected, await RunAsync($"value_of() {{ echo '{major}'; }}; step_needs_tpm; echo done"), StringComparison.Ordinal);

    [Fact]
    public async Task A_Tang_server_that_does_not_answer_is_found_before_the_claim() =>
        Assert.Contains("failed: no Tang server answers at http://127.0.0.1:1,", await RunAsync("sleep() { :; }; step_needs_tang http://127.0.0.1:1"), StringComparison.Ordinal);

    public void Dispose() => scratch.Dispose();

    /// <summary>What the steps said, the reason of a failure, and the disks that were bound.</summary>
    private async Task<string> RunAsync(string steps)
    {
        Assert.SkipUnless(SourceTree.Tool("busybox") is not null, "needs busybox");
        var library = Path.Combine(SourceTree.BootFiles, "deploy/lib");
        var script = scratch.Write("steps", $$"""
            ND={{scratch.Path}}
            claimed=
            unpacked=
            begin() { :; }
            say() { :; }
            note() { :; }
            fail() { echo "failed: $*"; exit 1; }
            . {{library}}/inventory.sh
            . {{library}}/disks.sh
            . {{library}}/raid.sh
            . {{library}}/luks.sh
            . {{library}}/lvm.sh
            . {{library}}/filesystems.sh
            . {{library}}/esp.sh
            disk_names() { echo sda; echo sdb; }
            disk_bytes() { case $1 in sda) echo 8589934592 ;; sdb) echo 17179869184 ;; esac; }
            disk_bus() { echo sata; }
            disk_wwn() { echo -; }
            disk_serial() { echo "S$1"; }
            disk_model() { echo Model; }
            {{steps}}
            cd "$ND/disks" && for name in *; do printf '%s=%s ' "$name" "$(cat "$name")"; done
            """);
        var result = await ShellRun.Async("busybox", ["sh", script]);
        return result.Output;
    }
}
