using System.Collections.Immutable;
using System.Diagnostics;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Lab.Tests.Roms;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>Where the test goes to the blade itself: plug, card, firmware variables.</summary>
internal sealed partial class LabRun
{
    /// <summary>From power-on to a login prompt or a report, on a busy machine.</summary>
    private static readonly TimeSpan OneBoot = TimeSpan.FromMinutes(5);

    /// <summary>initramfs-tools waits most of half a minute of its own clock for the missing half of an array.</summary>
    private static readonly TimeSpan OneDegradedBoot = TimeSpan.FromMinutes(10);

    private static readonly CommandRunner Commands = new();

    private LabNetwork Network => new(Commands, LabDefaults.NamespacePrefix + Name);

    /// <summary>Pulls the blade's plug and its network card, and boots its disk alone to the login prompt.</summary>
    /// <returns>What its console said.</returns>
    public async Task<string> BootDiskAloneAsync(string blade, Variables variables)
    {
        var (hardware, files, accelerator) = await PowerOffAsync(blade);
        using var boot = new BladeBoot(hardware, files, accelerator).WithoutNetwork().With(variables, files);
        return await LoginAsync(boot, $"{blade}'s disk alone, {variables} variables");
    }

    /// <summary>Runs a Tang server in the network of this lab, which is coming up meanwhile.</summary>
    public Task<TangServer> StartTangAsync() => TangServer.StartAsync(Network);

    /// <summary>Pulls a disk out and boots what is left, through the lab's network, to the login prompt and until it was looked at.</summary>
    public async Task BootWithoutDiskAsync(string blade, int disk, Func<Task> look)
    {
        var (hardware, files, accelerator) = await PowerOffAsync(blade);
        using var boot = new BladeBoot(hardware, files, accelerator).WithoutDisk(disk).In(Network);
        var clock = Stopwatch.StartNew();
        var prompt = $"{blade} login:";
        await boot.UntilAsync(
            prompt,
            async () =>
            {
                if (!boot.Console.Contains(prompt, StringComparison.Ordinal))
                {
                    return false;
                }

                _output.WriteLine($"{blade} without disk {disk}: login prompt after {clock.Elapsed.TotalSeconds:0} s");
                await look();
                return true;
            },
            OneDegradedBoot);
    }

    /// <summary>Runs a command on the blade, as the operator would, by the key and the host key that the lab knows.</summary>
    /// <returns>Its standard output.</returns>
    public async Task<string> SshAsync(string blade, string command)
    {
        var address = (await ShowAsync(blade)).GetProperty("address").GetString();
        var done = await Commands.RunAsync(
            [
                .. Network.Inside(
                [
                    "ssh", "-F", "/dev/null", "-i", LabKey.FileIn(Folder), "-o", "BatchMode=yes", "-o", "IdentityAgent=none", "-o", "ConnectTimeout=20", "-o", "LogLevel=ERROR",
                    "-o", $"UserKnownHostsFile={Path.Combine(Folder.Keys, blade + ".known_hosts")}", $"root@{address}", command,
                ]),
            ],
            TimeSpan.FromMinutes(2),
            TestContext.Current.CancellationToken);
        Assert.True(done.Succeeded, $"{command}: {done.Error}{done.Output}");
        return done.Output;
    }

    /// <summary>Boots the installed blade through the network, as if its card had a ROM of another make, to the login prompt.</summary>
    /// <returns>What its console said.</returns>
    public async Task<string> BootBehindAsync(PlainRom rom, string blade)
    {
        var (hardware, files, accelerator) = await PowerOffAsync(blade);
        using var boot = new BladeBoot(hardware, files, accelerator).Behind(rom, Network);
        return await LoginAsync(boot, $"{blade} through the network behind another ROM");
    }

    /// <summary>Gives a new blade its deployment, and boots it from a ROM of another make, until the server says that it is <paramref name="state"/>.</summary>
    /// <returns>What its console said.</returns>
    public async Task<string> DeployBehindAsync(PlainRom rom, BladeHardware blade, string state, TimeSpan imageLimit)
    {
        using var server = new LabServer(Data);
        var cancel = TestContext.Current.CancellationToken;
        await server.DeployAsync(blade.Name, cancel);
        for (var clock = Stopwatch.StartNew(); (await server.MachineAsync(blade.Name, cancel)).State != "granted"; await Task.Delay(500, cancel))
        {
            Assert.True(clock.Elapsed < imageLimit, "the image is not there");
        }

        var files = new BladeFiles(Folder.Blade(blade.Name), Folder.Console(blade.Name));
        files.MakeNew(blade);
        await Network.AddTapAsync(blade.Tap, cancel);
        using var boot = new BladeBoot(blade, files, await Accelerator.ProbeAsync(Commands, cancel)).Behind(rom, Network);
        await boot.UntilAsync(state, async () => (await server.MachineAsync(blade.Name, cancel)).State == state, OneBoot);
        return boot.Console;
    }

    /// <summary>
    /// The lab's network, server and worker without blades: deployments wait for somebody to press the button, and the test
    /// does. The server knows <paramref name="blade"/> by its documents.
    /// </summary>
    /// <param name="more">YAML at the end of the blade's document.</param>
    public async Task ServeAsync(BladeHardware blade, string more)
    {
        var cancel = TestContext.Current.CancellationToken;
        var setup = new LabServerSetup(Data, LabDefaults.CacheFolder, LabNetwork.Bridge, LabNetwork.ServerAddress, Folder.ControlSocket);
        using var server = new LabServer(Data);
        await server.PrepareAsync(setup, _output.WriteLine, cancel);
        // As the lab starts them, but for the power: this process is not the command, and no supervisor has the blade.
        ImmutableArray<ChildCommand> children =
        [
            .. server.Processes(setup).Select(child => child with
            {
                Arguments = ["dotnet", Program, .. child.Arguments.SkipWhile(word => word is not ("worker" or "serve")).TakeWhile(word => word != "--lab-power")],
            }),
        ];
        await new LabLauncher(Folder, ["dotnet", Program, "lab", "supervise", Folder.Root]).StartAsync(new LabPlan(LabDefaults.NamespacePrefix + Name, children, []), Commands, cancel);
        await server.WaitUntilReadyAsync(cancel);
        var key = await LabKey.MakeAsync(Folder, Commands, cancel);
        var options = new LabOptions { Distro = "debian-12", Profile = "minimal" };
        var documents = LabDocuments.For(options, [blade], AptMirror.Read(), key.PublicKey);
        await server.ApplyAsync([.. documents.Select(d => d.Path == $"{blade.Name}.yaml" ? d with { Content = $"{d.Content}{more}\n" } : d)], cancel);
    }

    private async Task<(BladeHardware Hardware, BladeFiles Files, Accelerator Accelerator)> PowerOffAsync(string blade)
    {
        var lab = await new LabControl(Folder.ControlSocket).PowerOffAsync(blade, TestContext.Current.CancellationToken);
        var off = lab.Blades.Single(b => b.Hardware.Name == blade);
        Assert.False(off.On, $"{blade} is on: its disk is in use");
        return (off.Hardware, new BladeFiles(Folder.Blade(blade), off.Console), lab.Accelerator == Accelerator.Kvm.Name ? Accelerator.Kvm : Accelerator.Tcg);
    }

    private async Task<string> LoginAsync(BladeBoot boot, string what)
    {
        var clock = Stopwatch.StartNew();
        await boot.UntilLoginAsync(OneBoot);
        _output.WriteLine($"{what}: login prompt after {clock.Elapsed.TotalSeconds:0} s");
        return boot.Console;
    }
}
