using System.Diagnostics;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

[Collection("blades")]
public sealed class LabSupervisorTests
{
    [Fact]
    public async Task A_killed_supervisor_takes_every_process_with_it_and_down_removes_the_rest()
    {
        LabHost.NeedsQemu();
        await using var host = new LabHost();
        var hardware = BladeHardware.Make(1, BladeFirmware.Bios, BladeDisk.Virtio, BladeNic.Virtio);
        var state = await host.StartAsync(new LabPlan(
            host.Network,
            [
                new("server", ["sleep", "1000"], InsideNetwork: true),
                // The worker's own child must go as well: mmdebstrap under a killed worker would build on for minutes.
                new("worker", ["sh", "-c", "sleep 1001 & echo child $!; wait"], InsideNetwork: false, User: "daemon", OwnProcessTree: true),
            ],
            [hardware]));
        Assert.Equal(["server", "worker"], state.Children.Select(c => c.Name));
        Assert.All(state.Children, c => Assert.True(c.Process!.IsAlive));
        Assert.False(state.Blades[0].On);

        state = await new LabControl(host.Folder.ControlSocket).PowerOnAsync(hardware.Identity.Mac);
        Assert.True(state.Blades[0].On);
        Assert.True(state.Blades[0].Process!.IsAlive);
        var family = new List<ProcessIdentity>([state.Blades[0].Process!, .. state.Children.Select(c => c.Process!)]);
        family.AddRange(Descendants(state.Children[1].Process!.Id));
        Assert.True(family.Count >= 5, "the worker has a tree below it");
        Assert.Contains(family, p => File.ReadAllText($"/proc/{p.Id}/status").Contains("Uid:\t1\t1\t1\t1", StringComparison.Ordinal));

        Signals.Send(state.Supervisor.Id, PosixSignalNumber.Kill);

        await EventuallyAsync(() => family.TrueForAll(p => !p.IsAlive), "a process outlived the supervisor");
        Assert.True(host.Wire.Exists);
        var removed = await new LabTeardown(new CommandRunner()).RunAsync(host.Folder, host.Network);
        Assert.Contains("namespace " + host.Network, removed);
        Assert.False(host.Wire.Exists);
        Assert.False(Directory.Exists(host.Folder.Root));
        Assert.Empty(await new LabTeardown(new CommandRunner()).RunAsync(host.Folder, host.Network));
    }

    [Fact]
    public async Task Down_ends_a_living_lab_and_can_keep_its_logs()
    {
        await using var host = new LabHost();
        var state = await host.StartAsync(new LabPlan(host.Network, [new("server", ["sh", "-c", "echo served; exec sleep 1000"], InsideNetwork: true)], []));
        await EventuallyAsync(() => File.Exists(host.Folder.Log("server")) && File.ReadAllText(host.Folder.Log("server")).Contains("served", StringComparison.Ordinal), "the server's output is not in its log");
        Assert.Contains(state.Children[0].Process!.Id, await host.Wire.ProcessesAsync());

        var removed = await new LabTeardown(new CommandRunner()).RunAsync(host.Folder, host.Network, keepLogs: true);

        Assert.NotEmpty(removed);
        Assert.False(state.Supervisor.IsAlive);
        Assert.False(state.Children[0].Process!.IsAlive);
        Assert.False(host.Wire.Exists);
        Assert.True(File.Exists(host.Folder.Log("server")));
        Assert.False(File.Exists(host.Folder.State));
    }

    [Fact]
    public async Task A_second_lab_in_the_same_folder_is_refused()
    {
        await using var host = new LabHost();
        var plan = new LabPlan(host.Network, [], []);
        await host.StartAsync(plan);

        var fault = await Assert.ThrowsAsync<UserFault>(() => host.StartAsync(plan));

        Assert.Contains("lab down", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_that_ended_by_itself_is_seen_with_its_exit_code()
    {
        await using var host = new LabHost();
        await host.StartAsync(new LabPlan(host.Network, [new("server", ["sh", "-c", "exit 3"], InsideNetwork: true)], []));
        var control = new LabControl(host.Folder.ControlSocket);

        await EventuallyAsync(async () => (await control.StateAsync()).Children[0].ExitCode == 3, "the exit code is not in the state");
        await EventuallyAsync(() => LabState.Read(host.Folder.State)?.Children[0].ExitCode == 3, "the exit code is not in lab.json");
    }

    [Fact]
    public async Task New_hardware_has_another_identity_and_an_empty_disk()
    {
        LabHost.NeedsQemu();
        await using var host = new LabHost();
        var old = BladeHardware.Make(1, BladeFirmware.Bios, BladeDisk.Virtio, BladeNic.Virtio);
        await host.StartAsync(new LabPlan(host.Network, [], [old]));
        var control = new LabControl(host.Folder.ControlSocket);
        var disk = new BladeFiles(host.Folder.Blade(old.Name), "").Disk;
        await File.WriteAllTextAsync(disk, "an operating system");
        var on = await control.PowerOnAsync(old.Name);
        var cycled = await control.CycleAsync(old.Name);
        Assert.NotEqual(on.Blades[0].Process, cycled.Blades[0].Process);

        var renewed = (await control.RenewAsync(old.Name)).Blades[0];

        Assert.False(renewed.On);
        Assert.Equal(old.Name, renewed.Hardware.Name);
        Assert.NotEqual(old.Identity.Mac, renewed.Hardware.Identity.Mac);
        Assert.NotEqual(old.Identity.Uuid, renewed.Hardware.Identity.Uuid);
        Assert.NotEqual(old.Identity.Serial, renewed.Hardware.Identity.Serial);
        Assert.Equal(old.DiskBytes, new FileInfo(disk).Length);
        using (var read = File.OpenRead(disk))
        {
            var start = new byte[512];
            read.ReadExactly(start);
            Assert.All(start, b => Assert.Equal(0, b));
        }

        await Assert.ThrowsAsync<UserFault>(() => control.PowerOnAsync(old.Identity.Mac));
    }

    private static IEnumerable<ProcessIdentity> Descendants(int parent)
    {
        foreach (var id in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, null)))
        {
            string stat;
            try
            {
                stat = File.ReadAllText($"/proc/{id}/stat");
            }
            catch (IOException)
            {
                continue; // It ended meanwhile.
            }

            if (stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == parent.ToString(System.Globalization.CultureInfo.InvariantCulture) && ProcessIdentity.Of(id) is { } child)
            {
                yield return child;
                foreach (var below in Descendants(id))
                {
                    yield return below;
                }
            }
        }
    }

    private static Task EventuallyAsync(Func<bool> condition, string otherwise) => EventuallyAsync(() => Task.FromResult(condition()), otherwise);

    private static async Task EventuallyAsync(Func<Task<bool>> condition, string otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), otherwise);
            await Task.Delay(50);
        }
    }
}
