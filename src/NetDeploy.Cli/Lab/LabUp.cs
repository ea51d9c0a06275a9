using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Installer;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Lab;

/// <summary>
/// <c>lab up</c> and <c>lab drill</c>. After success the lab stays up, for <c>show</c>, <c>ssh</c> and <c>drill</c>;
/// after a failure only its logs stay, unless it was asked to be kept.
/// </summary>
/// <param name="supervise">The command line of the hidden <c>netdeploy lab supervise</c> for the options' folder.</param>
internal sealed class LabUp(LabOptions options, ILabServer server, ICommandRunner commands, IReadOnlyList<string> supervise, ILabDisplay display)
{
    private const int ConsoleLines = 15;

    private readonly LabControl _control = new(options.Folder.ControlSocket);
    private readonly LabNetwork _network = new(commands, options.Network);

    /// <summary>Known once the installer's boot files are there; null: the mirror has all of its components.</summary>
    private ComponentsSuite? _components;

    private LabServerSetup Setup => new(options.Folder.ServerData, options.CacheFolder, LabNetwork.Bridge, LabNetwork.ServerAddress, options.Folder.ControlSocket)
    {
        Mirrors = options.Mirror ? LabMirror.Of(AptMirror.Read(), options.Folder, _components) : [],
    };

    /// <summary>
    /// Secure Boot needs GRUB, and GRUB asks the server that the main DHCP server names: an operator sets that there, so the lab does.
    /// </summary>
    private IEnumerable<ChildCommand> MainServer => options.Mode == LabMode.Proxy
        ? [LabMainServer.Command(options.Network, options.Folder.MainLeases, options.Firmware == BladeFirmware.SecureBoot ? LabNetwork.ServerAddress : null)]
        : [];

    /// <summary>Brings a lab up and deploys all its blades at once.</summary>
    public async Task<LabResult> UpAsync(CancellationToken cancellationToken)
    {
        if (await _control.TryStateAsync(cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new UserFault("This lab is up already.", $"Use it, or end it with '{options.Folder.Command("down")}'.");
        }

        var blades = Enumerable.Range(1, options.Blades).Select(n => BladeHardware.Make(n, options.Firmware, options.Disk, options.Nic) with { Disks = options.Disks, Tpm = options.Tpm }).ToArray();
        // Nothing of the lab is there yet: what fails here leaves nothing to take down.
        await server.PrepareAsync(Setup, display.Say, cancellationToken).ConfigureAwait(false);
        if (options.ByInstaller)
        {
            _components = await new LabInstaller(commands, options.CacheFolder, AptMirror.Read().Main, display.Say).PrepareAsync(options.Distro, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            display.Say("starting the lab's network and server");
            var lab = await new LabLauncher(options.Folder, [.. supervise])
                .StartAsync(new LabPlan(options.Network, [.. MainServer, .. server.Processes(Setup)], [.. blades]) { HasMainServer = options.Mode == LabMode.Proxy, Relays = LabMirror.Relays(Setup.Mirrors) }, commands, cancellationToken).ConfigureAwait(false);
            display.Say($"{options.Blades} blade(s) on {lab.Accelerator.ToUpperInvariant()}, server at {lab.ServerAddress} in the namespace {lab.Network}");
            await server.WaitUntilReadyAsync(cancellationToken).ConfigureAwait(false);

            var key = await LabKey.MakeAsync(options.Folder, commands, cancellationToken).ConfigureAwait(false);
            await server.ApplyAsync(
                [.. options.Documents, .. LabDocuments.For(options, blades, options.Mirror ? LabMirror.Inside : AptMirror.Read(), key.PublicKey)], cancellationToken).ConfigureAwait(false);
            var result = options.Enrol
                ? await EnrolAsync([.. blades.Select(b => b.Name)], cancellationToken).ConfigureAwait(false)
                : await DeployAsync([.. blades.Select(b => b.Name)], rebuild: false, cancellationToken).ConfigureAwait(false);
            await AfterAsync(result).ConfigureAwait(false);
            return result;
        }
        catch
        {
            await TakeDownAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Throws a blade away and gives its name to new hardware, timed.</summary>
    /// <param name="name">Null: the first blade.</param>
    /// <exception cref="UserFault">No such lab runs: one that was built unasked, maybe for a name that was mistyped, would be no drill.</exception>
    public async Task<LabResult> DrillAsync(string? name, CancellationToken cancellationToken)
    {
        var lab = await _control.TryStateAsync(cancellationToken).ConfigureAwait(false)
            ?? throw Labs.Here.Absent(options.Folder, "drill");
        var blade = name ?? lab.Blades.FirstOrDefault()?.Hardware.Name
            ?? throw new UserFault("The lab has no blade to drill with.", $"End it with '{options.Folder.Command("down")}' and start one that has.");
        if (!lab.Blades.Any(b => b.Hardware.Name == blade))
        {
            throw new UserFault($"The lab has no blade '{blade}'.", $"It has {string.Join(", ", lab.Blades.Select(b => b.Hardware.Name))}.");
        }

        // A rule may have named it otherwise than the lab.
        var mac = lab.Blades.First(b => b.Hardware.Name == blade).Hardware.Identity.Mac;
        var machine = (await server.MachinesAsync(cancellationToken).ConfigureAwait(false)).Machines.FirstOrDefault(m => m.Macs.Contains(mac))?.Name ?? blade;
        display.Say($"{blade} goes out of the window: new MAC, UUID and serial, empty disk, factory firmware variables");
        await _control.RenewAsync(blade, cancellationToken).ConfigureAwait(false);
        var result = await DeployAsync([blade], rebuild: true, cancellationToken, machine).ConfigureAwait(false);
        await AfterAsync(result).ConfigureAwait(false);
        return result;
    }

    /// <param name="name">The machine's name, where it is not the blade's.</param>
    private Task<LabResult> DeployAsync(IReadOnlyList<string> blades, bool rebuild, CancellationToken cancellationToken, string? name = null) =>
        AllAsync(blades, (deployment, blade) => deployment.RunAsync(
            blade,
            name ?? blade,
            async token => rebuild
                ? await server.ReplaceAsync(name ?? blade, await IdentityAsync(blade, token).ConfigureAwait(false), token).ConfigureAwait(false)
                : await server.DeployAsync(blade, token).ConfigureAwait(false),
            rebuild,
            cancellationToken));

    private Task<LabResult> EnrolAsync(IReadOnlyList<string> blades, CancellationToken cancellationToken) =>
        AllAsync(blades, (deployment, blade) => deployment.EnrolAsync(blade, cancellationToken));

    private async Task<LabResult> AllAsync(IReadOnlyList<string> blades, Func<LabDeployment, string, Task<LabMachineResult>> run)
    {
        var ssh = new SshCheck(commands, _network, LabKey.FileIn(options.Folder), options.Folder.Keys);
        var deployment = new LabDeployment(options, server, _control, ssh, display);
        var results = await Task.WhenAll(blades.Select(blade => run(deployment, blade))).ConfigureAwait(false);
        return new LabResult(results.All(r => r.Ssh), results, results.FirstOrDefault(r => !r.Ssh)?.Reason) { Mode = options.Mode == LabMode.Proxy ? "proxy" : "authoritative" };
    }

    private async Task<BladeIdentity> IdentityAsync(string blade, CancellationToken cancellationToken) =>
        (await _control.StateAsync(cancellationToken).ConfigureAwait(false)).Blades.First(b => b.Hardware.Name == blade).Hardware.Identity;

    private async Task AfterAsync(LabResult result)
    {
        if (result.Ok)
        {
            var name = result.Machines[0].Name;
            display.Say($"next: {Labs.Here.ServerCommand(options.Folder, "show " + name)}; {options.Folder.Command("drill " + (result.Machines[0].Blade ?? name))}; {options.Folder.Command("down")}");
            return;
        }

        foreach (var failed in result.Machines.Where(m => !m.Ssh))
        {
            var console = options.Folder.Console(failed.Blade ?? failed.Name);
            display.Say($"{failed.Name}: {failed.Reason}");
            foreach (var line in LabConsole.LastLines(console, ConsoleLines))
            {
                display.Say($"  {failed.Name}| {line}");
            }

            display.Say($"{failed.Name}: the whole console is {console}");
        }

        await TakeDownAsync().ConfigureAwait(false);
    }

    private async Task TakeDownAsync()
    {
        if (options.Keep)
        {
            display.Say($"the lab is kept; '{options.Folder.Command("down")}' ends it");
            return;
        }

        await new LabTeardown(commands).RunAsync(options.Folder, options.Network, keepLogs: true, CancellationToken.None).ConfigureAwait(false);
        display.Say($"the lab is down; its logs are in {options.Folder.Logs}");
    }
}
