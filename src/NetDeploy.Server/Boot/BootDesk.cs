using System.Collections.Immutable;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using NetDeploy.Client;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Boot;

/// <summary>What a request for a boot script came to.</summary>
internal abstract record ScriptReply
{
    public sealed record Text(string Script) : ScriptReply;

    public sealed record Refused(string Reason) : ScriptReply;
}

/// <summary>
/// Where DHCP, TFTP and HTTP bring their questions: finds out which machine asks, lets the planner decide, makes a planned boot
/// real through the deployment service, and writes what happened into the machine's timeline.
/// </summary>
internal sealed class BootDesk : IBootOffers, IDhcpObserver, ITftpContent, ITftpObserver
{
    private const string EnvironmentFolder = "environment/";

    private readonly DeploymentService _deployments;
    private readonly DocumentStore _documents;
    private readonly ILeaseTable _leases;
    private readonly BootFilesCatalog _files;
    private readonly Func<BootNetworks> _networks;
    private readonly BootDeskOptions _options;
    private readonly BootClients _clients;
    private readonly ILogger _logger;

    public BootDesk(
        DeploymentService deployments, DocumentStore documents, ILeaseTable leases, BootFilesCatalog files, Func<BootNetworks> networks,
        BootDeskOptions options, TimeProvider clock, ILogger logger)
    {
        _deployments = deployments;
        _documents = documents;
        _leases = leases;
        _files = files;
        _networks = networks;
        _options = options;
        _clients = new BootClients(clock);
        _logger = logger;
    }

    /// <summary>DHCP: which boot file goes with the address.</summary>
    public BootOffer? Offer(BootClient client, NetworkSpecRef network)
    {
        if (client.Stage == BootStage.None)
        {
            return null;
        }

        var match = Match(new HardwareClues(client.Mac, client.Uuid, Binding.SlotOf(client.RemoteId, client.CircuitId)));
        var view = View(network, match, _clients.Asked(client));
        var plan = BootPlanner.Plan(view, match, DeploymentOf(match), new BootRequest.Dhcp(client));
        Raise(match, plan);
        return plan.Decision is BootDecision.Offer offer ? offer.File : null;
    }

    /// <summary>DHCP told what it decided: the machine's timeline hears of the messages that matter to a boot.</summary>
    public void Decided(DhcpEvent decision)
    {
        if (MachineOf(decision.Mac) is { } machine
            && decision.Request is DhcpMessageType.Discover or DhcpMessageType.Request or DhcpMessageType.Decline)
        {
            var boot = decision.BootFile is null ? "" : $", boot file {decision.BootFile}";
            var stage = decision.Client.Stage == BootStage.None ? "system" : decision.Client.Stage.ToString().ToLowerInvariant();
            _deployments.Note(machine.Id, TimelineNote.Of("dhcp", TimelineSeverity.Info,
                $"{decision.Request} from {decision.Mac} ({stage}): {(decision.Reply == default ? "no answer" : decision.Reply)} {decision.Address}{boot}; {decision.Reason}"));
        }
    }

    /// <summary>TFTP: a loader, the deploy environment, or GRUB's configuration for the machine that owns the asking address.</summary>
    public async ValueTask<TftpFile?> OpenAsync(TftpReadRequest request, CancellationToken cancellationToken)
    {
        var source = request.Client.Address;
        if (_networks().Find(source) is not { } network)
        {
            return null;
        }

        var owner = OwnerOf(source);
        var match = owner.Mac is { } mac ? Match(new HardwareClues(mac)) : new MachineMatch.Unknown($"{source} is leased to nobody");
        var plan = BootPlanner.Plan(View(network, match, default), match, DeploymentOf(match), new BootRequest.Tftp(request.Path, source, owner));
        Raise(match, plan);
        switch (plan.Decision)
        {
            case BootDecision.Loader loader:
                return File(_files.LoaderPath(loader.Name));
            case BootDecision.Environment { Part: EnvironmentPart.Kernel }:
                return File(_files.KernelPath);
            case BootDecision.Environment:
                return File(_files.InitrdPath);
            case BootDecision.DeployScript or BootDecision.LocalScript:
                var reply = await ScriptAsync(plan, match, network, owner.Mac!.Value, cancellationToken).ConfigureAwait(false);
                return reply is ScriptReply.Text text ? Memory(text.Script) : null;
            default:
                return null;
        }
    }

    /// <summary>iPXE's script. MAC and UUID are what the sender says; the lease table says whose its address is.</summary>
    public async Task<ScriptReply> ScriptAsync(MacAddress mac, Guid? uuid, IPAddress source, CancellationToken cancellationToken)
    {
        if (_networks().Find(source) is not { } network)
        {
            return new ScriptReply.Refused($"{source} is on no network of this server");
        }

        var match = Match(new HardwareClues(mac, uuid));
        var plan = BootPlanner.Plan(View(network, match, default), match, DeploymentOf(match), new BootRequest.Script(mac, uuid, source, OwnerOf(source)));
        Raise(match, plan);
        return await ScriptAsync(plan, match, network, mac, cancellationToken).ConfigureAwait(false);
    }

    public void Completed(TftpReadRequest request, long bytes, TimeSpan duration) =>
        Fetched("tftp", request.Path, request.Client.Address, bytes, duration);

    /// <summary>Firmware ends many transfers on purpose, after it has asked for the size: that is no news for an operator.</summary>
    public void Failed(TftpReadRequest request, string reason) =>
        BootLog.Decided(_logger, OwnerOf(request.Client.Address).Mac, "tftp", request.Path, reason);

    /// <summary>A loader or part of the deploy environment went out whole, by either protocol.</summary>
    public void Fetched(string protocol, string name, IPAddress source, long bytes, TimeSpan duration)
    {
        if (OwnerOf(source).Mac is not { } mac)
        {
            return;
        }

        var file = name[(name.LastIndexOf('/') + 1)..];
        if (LoaderChoice.IsFirstStage(file))
        {
            _clients.FetchedLoader(mac);
        }

        if (MachineOf(mac) is { } machine)
        {
            _deployments.Note(machine.Id, TimelineNote.Of(protocol, TimelineSeverity.Info,
                FormattableString.Invariant($"{file}: {bytes / 1024.0:0} KiB in {duration.TotalSeconds:0.0} s")));
        }
    }

    /// <summary>Who asked and is named by no document.</summary>
    public IEnumerable<UnknownClientView> Unknown() =>
        _clients.Seen()
            .Where(c => MachineOf(c.Mac) is null)
            .Select(c => new UnknownClientView(c.Mac.ToString(), c.Uuid?.ToString(), c.Firmware, AddressOf(c.Mac)?.ToString(), c.LastSeen.ToUnixTimeMilliseconds(), c.Requests));

    public void Forget(IEnumerable<MacAddress> macs)
    {
        foreach (var mac in macs)
        {
            _clients.Forget(mac);
        }
    }

    public IPAddress? AddressOf(MacAddress mac) => _leases.FindByMac(mac) is [var lease, ..] ? lease.Address : null;

    private async Task<ScriptReply> ScriptAsync(BootPlan plan, MachineMatch match, NetworkSpecRef network, MacAddress mac, CancellationToken cancellationToken)
    {
        switch (plan.Decision)
        {
            case BootDecision.LocalScript local:
                _clients.FetchedScript(mac);
                Note(match, $"local boot: {local.Reason}");
                return new ScriptReply.Text(BootScripts.Local(local.Dialect, local.Reason));

            case BootDecision.DeployScript deploy:
                var machine = ((MachineMatch.Found)match).Machine;
                var boot = await _deployments.BootAsync(machine.DeploymentId!, plan.Proposed!, _clients.FetchedScript(mac), cancellationToken).ConfigureAwait(false);
                if (boot.Deploy is { } grant)
                {
                    return new ScriptReply.Text(BootScripts.Deploy(deploy.Dialect, new DeployScript(
                        machine.Name, grant.Deployment.Id, grant.DeployToken, mac, network.ServerAddress, BaseUrl(network), _options.KernelArguments)));
                }

                return boot.LocalReason is { } reason
                    ? new ScriptReply.Text(BootScripts.Local(deploy.Dialect, $"{machine.Name}: {reason}. Next: netdeploy show {machine.Name}"))
                    : new ScriptReply.Refused(boot.Refusal ?? "refused");

            case BootDecision.Refused refused:
                return new ScriptReply.Refused(refused.Reason);

            default:
                throw new InvalidOperationException($"A script request was answered {plan.Decision}.");
        }
    }

    private BootView View(NetworkSpecRef network, MachineMatch match, LoaderHistory loaders)
    {
        var view = BootView.Of(network, _options.HttpPort, loaders);
        return match is MachineMatch.Found { Machine: var machine }
            && _documents.Current.Snapshot.Machines.TryGetValue(machine.Name, out var spec) && spec.UefiLoader is { } loader
            ? view with { UefiLoader = loader }
            : view;
    }

    private string BaseUrl(NetworkSpecRef network) => BootView.Of(network, _options.HttpPort).BaseUrl;

    private MachineMatch Match(HardwareClues clues) => _deployments.Machines.Match(clues);

    private Deployment? DeploymentOf(MachineMatch match) =>
        match is MachineMatch.Found { Machine: var machine } ? _deployments.Current(machine.Id) : null;

    private Machine? MachineOf(MacAddress mac) => Match(new HardwareClues(mac)) is MachineMatch.Found found ? found.Machine : null;

    private AddressOwner OwnerOf(IPAddress address) => LeaseOwners.Of(_leases, _networks(), address);

    private void Raise(MachineMatch match, BootPlan plan)
    {
        if (plan.Alarm is not { } alarm)
        {
            return;
        }

        if (match is MachineMatch.Found { Machine: var machine })
        {
            _deployments.Note(machine.Id, TimelineNote.Of("alarm", TimelineSeverity.Alarm, alarm));
        }
        else
        {
            BootLog.Alarm(_logger, alarm);
        }
    }

    private void Note(MachineMatch match, string text)
    {
        if (match is MachineMatch.Found { Machine: var machine })
        {
            _deployments.Note(machine.Id, TimelineNote.Of("boot", TimelineSeverity.Info, text));
        }
    }

    private static TftpFile? File(string? path)
    {
        if (path is null)
        {
            return null;
        }

        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        return new TftpFile(stream, stream.Length);
    }

    private static TftpFile Memory(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return new TftpFile(new MemoryStream(bytes, writable: false), bytes.Length);
    }
}

/// <param name="KernelArguments">For the deploy environment, such as its console.</param>
internal sealed record BootDeskOptions(int HttpPort, ImmutableArray<string> KernelArguments);

/// <summary>The lease table as identity checks see it.</summary>
internal sealed class LeaseOwners(ILeaseTable leases, Func<BootNetworks> networks) : IAddressOwners
{
    public AddressOwner OwnerOf(IPAddress address) => Of(leases, networks(), address);

    public static AddressOwner Of(ILeaseTable leases, BootNetworks networks, IPAddress address)
    {
        if (networks.Find(address) is not { Network.Mode: NetworkMode.Authoritative })
        {
            return AddressOwner.Foreign;
        }

        return leases.FindByAddress(address) is { } lease ? AddressOwner.Of(lease.Mac) : AddressOwner.Nobody;
    }
}
