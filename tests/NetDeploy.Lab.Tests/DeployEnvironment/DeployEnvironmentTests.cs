namespace NetDeploy.Lab.Tests.DeployEnvironment;

/// <summary>Real boots of the deploy environment against a server of fixed answers.</summary>
[Collection(EmulatedMachines.Name)]
public sealed class DeployEnvironmentTests : IDisposable
{
    private const string Plan = """
        step_plan '1' 'd7' 'blade1'
        step_select_disk 'root' '1000000000' '' '' '' '' ''
        step_claim
        step_wipe 'root'
        step_finish

        """;

    private static readonly TimeSpan Boot = TimeSpan.FromSeconds(180);

    private readonly string folder = Directory.CreateTempSubdirectory("ndt-").FullName;

    [Fact]
    public async Task Two_disks_that_fit_are_refused_untouched_and_told()
    {
        var environment = await TestBootFiles.EnvironmentAsync();
        await using var server = await FakeDeployServer.StartAsync(Plan, failFirst: 2);
        var (first, second) = (Disk("first"), Disk("second"));
        await using var machine = TestMachine.Start(TestFirmware.Bios, folder,
            [.. Direct(environment, server), .. TestMachine.Nvme(first), .. TestMachine.Megasas(second), "-device", "ne2k_pci,romfile="]);

        var inventory = (await machine.WaitAsync(server.ReportAsync("inventory"), Boot)).Split('\n');
        var failed = await machine.WaitAsync(server.ReportAsync("failed"), Boot);
        var log = await machine.WaitAsync(server.ReportAsync("log"), Boot);
        await machine.WaitForConsoleAsync("netdeploy release blade1", Boot);

        Assert.Equal(3, server.Requests.Count(r => r == "POST inventory"));
        Assert.Contains("firmware=bios", inventory);
        Assert.Contains("secureboot=none", inventory);
        Assert.Contains("cpus=2", inventory);
        Assert.Contains(inventory, l => l.StartsWith("nic=eth0 52:54:00:12:34:56 e1000e 0000:00:", StringComparison.Ordinal) && l.EndsWith(" up", StringComparison.Ordinal));
        Assert.Contains(inventory, l => l.StartsWith("disk=/dev/nvme0n1 2147483648 nvme ", StringComparison.Ordinal) && l.EndsWith(" NVME0001 QEMU NVMe Ctrl", StringComparison.Ordinal));
        Assert.Contains(inventory, l => l.StartsWith("disk=/dev/sda 2147483648 scsi ", StringComparison.Ordinal) && l.EndsWith(" MEGA0001 QEMU HARDDISK", StringComparison.Ordinal));
        Assert.Contains("pci:v000010ECd00008029", Assert.Single(inventory, l => l.StartsWith("undriven=", StringComparison.Ordinal)));
        Assert.Contains($"environment={environment.BuildId}", inventory);

        Assert.StartsWith("step=step_select_disk\nreason=2 disks fit 'root', one must: ", failed);
        Assert.Contains("/dev/nvme0n1 2147483648", failed);
        Assert.Contains("/dev/sda 2147483648", failed);

        Assert.Contains("Command line: ", log);
        Assert.DoesNotContain(FakeDeployServer.Token, log);
        Assert.DoesNotContain(FakeDeployServer.Token, machine.Console);
        Assert.False(server.Has("claim"));
        Assert.True(machine.Running);
        Assert.All((string[])[first, second], IsUntouched);
    }

    [Theory]
    [Trait("Category", "Full")]
    [InlineData("step_select_disk 'root' '9000000000000' '' '' '' '' ''", "granted\n", "step_select_disk", "no disk fits 'root'; seen: /dev/nvme0n1 ")]
    [InlineData("step_select_disk 'root' '' '' 'nvme' '' 'NVME0001' 'QEMU*'\nstep_claim", "refused deployment d7 was claimed by another boot\n",
        "step_claim", "the claim was not granted: refused deployment d7 was claimed by another boot")]
    [InlineData("step_select_disk 'root' '' '' '' '' '' ''\nstep_wipe 'root'", "granted\n", "step_wipe", "the plan writes before step_claim; nothing was written")]
    [InlineData("step_claim; wipefs -a /dev/nvme0n1", "granted\n", "plan", "the plan was refused: line 2: no blank after step_claim")]
    [InlineData("step_select_disk 'root' '' '' '' '' '' ''\nstep_claim\nstep_unpack '00' '5'", "granted\n", "step_unpack", "no file system is mounted on /")]
    public async Task A_plan_that_cannot_be_followed_fails_with_its_reason(string steps, string claim, string step, string reason)
    {
        var environment = await TestBootFiles.EnvironmentAsync();
        await using var server = await FakeDeployServer.StartAsync($"step_plan '1' 'd7' 'blade1'\n{steps}\nstep_finish\n", claim: claim);
        var disk = Disk("disk");
        await using var machine = TestMachine.Start(TestFirmware.Bios, folder, [.. Direct(environment, server), .. TestMachine.Nvme(disk)]);

        var failed = await machine.WaitAsync(server.ReportAsync("failed"), Boot);
        await machine.WaitForConsoleAsync("netdeploy show ", Boot);

        Assert.StartsWith($"step={step}\nreason={reason}", failed);
        Assert.True(machine.Running);
        IsUntouched(disk);
    }

    [Theory]
    [Trait("Category", "Full")]
    [InlineData("2", "d7", "plan version 2 is unknown to this environment")]
    [InlineData("1", "d8", "the plan is for deployment d8, not for d7")]
    public async Task A_plan_for_something_else_is_refused(string version, string deployment, string reason)
    {
        var environment = await TestBootFiles.EnvironmentAsync();
        await using var server = await FakeDeployServer.StartAsync($"step_plan '{version}' '{deployment}' 'blade1'\nstep_finish\n");
        await using var machine = TestMachine.Start(TestFirmware.Bios, folder, Direct(environment, server));

        Assert.Contains(reason, await machine.WaitAsync(server.ReportAsync("failed"), Boot));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string[] Direct(NetDeploy.Server.BootFiles.DeployEnvironment environment, FakeDeployServer server) =>
        TestMachine.DirectBoot(environment.Kernel.Path, environment.Initrd.Path, server.Address);

    private string Disk(string name)
    {
        var path = Path.Combine(folder, name);
        using var file = File.Create(path);
        file.SetLength(2L << 30);
        return path;
    }

    private static void IsUntouched(string disk)
    {
        using var file = File.OpenRead(disk);
        var start = new byte[4 << 20];
        file.ReadExactly(start);
        Assert.False(start.AsSpan().ContainsAnyExcept((byte)0));
    }
}
