using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Boot;

/// <summary>
/// What now? The one place where DHCP, TFTP and HTTP meet. Pure: only the store makes a proposed boot real, and a lost race
/// plans again.
/// </summary>
public static class BootPlanner
{
    /// <summary>A loader fetched more often than this in a minute without a script is a loop.</summary>
    public const int LoaderLoop = 2;

    private const string EnvironmentKernel = "environment/vmlinuz";
    private const string EnvironmentInitrd = "environment/initrd";

    /// <param name="match">The machine that the request's clues point to.</param>
    /// <param name="deployment">That machine's newest deployment, or null.</param>
    public static BootPlan Plan(BootView view, MachineMatch match, Deployment? deployment, BootRequest request) => request switch
    {
        BootRequest.Dhcp dhcp => Offer(view, match, deployment, dhcp.Client),
        BootRequest.Tftp read => Read(view, match, deployment, read),
        BootRequest.Script get => Script(view, match, deployment, get),
        _ => throw new ArgumentOutOfRangeException(nameof(request), request.GetType().Name, "A request without a rule."),
    };

    /// <summary>
    /// The loader comes before the decision what to boot: the script or grub.cfg it fetches next holds that, and says on the
    /// console why. So the state of the machine hardly matters here, but for the one below.
    /// </summary>
    private static BootPlan Offer(BootView view, MachineMatch match, Deployment? deployment, BootClient client)
    {
        if (client.Stage == BootStage.None)
        {
            return new(new BootDecision.NoOffer("not a boot client"));
        }

        if (match is MachineMatch.Unknown && view.Judgement.Policy == UnknownMachines.Ignore && !MayTakeIn(view))
        {
            return new(new BootDecision.NoOffer($"{Why(match)}; this network ignores unknown machines, and {view.Judgement.Why}"));
        }

        if (match is not MachineMatch.Found && view.Mode != NetworkMode.Authoritative && !(match is MachineMatch.Unknown && MayTakeIn(view)))
        {
            return new(new BootDecision.NoOffer($"{Why(match)}; on another server's network only known machines are answered"));
        }

        if (view.Mode != NetworkMode.Authoritative && client.Stage is BootStage.Pxe or BootStage.Http && BootFirmware.Of(client) is { IsUefi: true } && !MayStartEnvironment(view, match, deployment))
        {
            // Only GRUB could start the disk at once, and it asks the main DHCP server's next-server for its configuration. Without an
            // offer the firmware goes on to the disk by itself.
            return new(new BootDecision.NoOffer("nothing to deploy: on another server's network UEFI is left to its own disk"));
        }

        if (client.Stage == BootStage.Ipxe)
        {
            return new(new BootDecision.Offer(new BootOffer(view.ScriptUrl, "iPXE gets its script")));
        }

        var uefi = view.UefiLoader;
        string? alarm = null;
        var loops = view.Loaders.Fetches >= LoaderLoop;
        var loader = LoaderChoice.File(client, uefi);
        if (client.Stage == BootStage.Pxe && loader is LoaderChoice.UefiIpxe && !MayStartEnvironment(view, match, deployment))
        {
            // iPXE can start the disk only by ending, and UEFI firmware then tries its other network entries first, for a
            // minute and more. GRUB chain-loads the disk's own loader at once, with and without Secure Boot. It has no HTTP, so HTTP boot keeps iPXE.
            loader = LoaderChoice.Shim;
        }

        if (loops && client.Stage == BootStage.Pxe && loader is LoaderChoice.UefiIpxe)
        {
            // Secure Boot refuses an unsigned loader after loading it; shim starts in both states.
            loader = LoaderChoice.Shim;
            alarm = $"{client.Mac} fetched {LoaderChoice.UefiIpxe} {view.Loaders.Fetches} times without asking for a script: shim instead";
        }
        else if (view.Loaders.Fetches > LoaderLoop && loader is LoaderChoice.BiosIpxe)
        {
            // A loader that does not say it is iPXE, and would be loaded for ever.
            alarm = $"{client.Mac} fetched {loader} {view.Loaders.Fetches} times without asking for a script: it gets the script itself";
            return new(new BootDecision.Offer(new BootOffer(view.ScriptUrl, "loader loop")), Alarm: alarm);
        }
        else if (view.Loaders.Fetches > LoaderLoop && loader is not null)
        {
            alarm = $"{client.Mac} fetched {loader} {view.Loaders.Fetches} times without asking for a script";
        }

        if (loader is null)
        {
            return new(new BootDecision.NoOffer($"no loader for architecture {string.Join(',', client.Architectures)}"));
        }

        var file = client.Stage == BootStage.Http ? view.LoaderUrl(loader) : loader;
        return new(new BootDecision.Offer(new BootOffer(file, $"{client.Stage} firmware gets its loader")), Alarm: alarm);
    }

    /// <summary>True where the script may start the deploy environment.</summary>
    private static bool MayStartEnvironment(BootView view, MachineMatch match, Deployment? deployment) => match switch
    {
        MachineMatch.Found { Machine.Quarantine: null } => deployment?.State.IsOpenGrant() is true || MayWait(view, deployment),
        MachineMatch.Unknown => MayTakeIn(view),
        _ => false,
    };

    /// <summary>A newcomer that a rule enrols or may yet enrol, or that the network holds.</summary>
    private static bool MayTakeIn(BootView view) =>
        view.Judgement is { Policy: UnknownMachines.Hold } or { Rule: not null } or { IsUndecided: true };

    /// <summary>A new machine has no system to boot meanwhile: it waits for its image, or, where newcomers are held, for its order.</summary>
    private static bool MayWait(BootView view, Deployment? deployment) =>
        view.IsNewMachine && (deployment is { State: DeploymentState.Preparing } || (deployment is null && view.Judgement.Policy == UnknownMachines.Hold));

    private static BootPlan Read(BootView view, MachineMatch match, Deployment? deployment, BootRequest.Tftp read)
    {
        var name = read.Path[(read.Path.LastIndexOf('/') + 1)..];
        if (read.Path is EnvironmentKernel or EnvironmentInitrd)
        {
            return new(new BootDecision.Environment(read.Path == EnvironmentKernel ? EnvironmentPart.Kernel : EnvironmentPart.Initrd));
        }

        if (read.Path.Split('/') is ["installers", var distro, var build, var file])
        {
            return new(new BootDecision.InstallerFile(distro, build, file));
        }

        // Shim joins its own folder with the second stage's name, in odd ways; only the name counts.
        if (LoaderChoice.IsLoader(name))
        {
            return new(new BootDecision.Loader(name, LoaderChoice.IsFirstStage(name)));
        }

        // GRUB tries many names (by MAC, by shrinking address, plain); the first and the last of them are answered.
        if (name == "grub.cfg" || name.StartsWith("grub.cfg-01-", StringComparison.Ordinal))
        {
            return GrubConfig(view, match, deployment, read, name);
        }

        return new(new BootDecision.NotFound("no such file"));
    }

    private static BootPlan GrubConfig(BootView view, MachineMatch match, Deployment? deployment, BootRequest.Tftp read, string name)
    {
        if (read.Owner.Mac is null)
        {
            return read.Owner.Ownership == AddressOwnership.Nobody
                ? new(new BootDecision.Refused($"{read.Source} has no lease"))
                : new(new BootDecision.LocalScript(ScriptDialect.Grub, "GRUB names no MAC by TFTP, and another server leases here: use uefiLoader ipxe"));
        }

        if (name.Length > "grub.cfg-01-".Length
            && (!MacAddress.TryParse(name["grub.cfg-01-".Length..], null, out var mac) || mac != read.Owner.Mac))
        {
            var alarm = $"{read.Source}, {read.Owner.Words}, asked for {name}";
            return new(new BootDecision.Refused(alarm), Alarm: alarm);
        }

        return Script(view, ScriptDialect.Grub, match, deployment, read.Source, read.Owner.Mac);
    }

    private static BootPlan Script(BootView view, MachineMatch match, Deployment? deployment, BootRequest.Script get)
    {
        if (get.Owner.Ownership == AddressOwnership.Nobody || (get.Owner.Mac is { } owner && owner != get.Mac))
        {
            var alarm = $"{get.Source}, {get.Owner.Words}, asked for the boot script of {get.Mac}";
            return new(new BootDecision.Refused(alarm), Alarm: alarm);
        }

        return match is MachineMatch.Unknown && view.AsksNewcomers && !get.HasTold
            ? new(new BootDecision.TellScript())
            : Script(view, ScriptDialect.Ipxe, match, deployment, get.Source, get.Mac);
    }

    private static BootPlan Script(BootView view, ScriptDialect dialect, MachineMatch match, Deployment? deployment, IPAddress source, MacAddress? mac)
    {
        if (match is MachineMatch.Unknown && view.Judgement.Policy == UnknownMachines.Hold)
        {
            return Hold($"{Why(match)}, and {view.Judgement.Why}");
        }

        if (match is not MachineMatch.Found { Machine: var machine } found)
        {
            var rules = match is MachineMatch.Unknown && view.AsksNewcomers ? $", and {view.Judgement.Why}" : "";
            return Local($"{Why(match)}{rules}. It is listed by: netdeploy machines");
        }

        if (machine.Quarantine is { } quarantine)
        {
            return Local($"{machine.Name} is in quarantine: {quarantine.Reason}. To go on: netdeploy release {machine.Name}");
        }

        if (MayWait(view, deployment))
        {
            return Hold(deployment is null
                ? $"{machine.Name} waits for its order. To install it: netdeploy deploy {machine.Name}"
                : $"{machine.Name} waits for its image");
        }

        // Its lease is from before it was enrolled: the environment would ask anew, get the reserved address, and its token would not hold there.
        if (view is { IsNewMachine: true, Mode: NetworkMode.Authoritative, Reserved: { } reserved } && !reserved.Equals(source) && deployment?.State.IsOpenGrant() is true)
        {
            return Hold($"{machine.Name} moves from {source} to its own address {reserved}");
        }

        // Past the claim too: the deployment itself answers with local boot, and records a second boot as an alarm.
        if (deployment is not null && !deployment.State.IsTerminal())
        {
            return new(new BootDecision.DeployScript(dialect), new ProposedBoot(source, found.Strength, mac));
        }

        return Local(deployment is null
            ? $"{machine.Name} has no deployment. To install it: netdeploy deploy {machine.Name}"
            : $"{machine.Name} is {deployment.State.Word()}. To install it again: netdeploy deploy {machine.Name}");

        BootPlan Hold(string reason) => new(new BootDecision.HoldScript(dialect, reason));

        BootPlan Local(string reason) => new(new BootDecision.LocalScript(dialect, reason));
    }

    private static string Why(MachineMatch match) => match switch
    {
        MachineMatch.Unknown unknown => $"unknown machine: {unknown.Reason}",
        MachineMatch.Conflict conflict => $"conflicting bindings: {conflict.Reason}",
        _ => "known",
    };
}
