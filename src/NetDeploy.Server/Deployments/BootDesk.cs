using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Enrolment;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// Where DHCP, TFTP and HTTP ask what a machine boots: finds the machine, plans, makes the planned boot real through
/// <see cref="DeploymentService"/>, and writes the timeline.
/// </summary>
internal sealed partial class BootDesk : IBootOffers
{
    private readonly DeploymentService _deployments;
    private readonly IAddressOwners _owners;
    private readonly BootDeskOptions _options;
    private readonly ILogger _logger;
    private readonly BootWatch _watch;
    private readonly ProxyWatch _proxied;
    private readonly Newcomers? _newcomers;

    /// <param name="newcomers">Null: nobody is enrolled or held here.</param>
    public BootDesk(DeploymentService deployments, IAddressOwners owners, BootDeskOptions options, TimeProvider clock, ILogger logger, Newcomers? newcomers = null)
    {
        _newcomers = newcomers;
        _deployments = deployments;
        _owners = owners;
        _options = options;
        _logger = logger;
        _watch = new BootWatch(clock, (mac, slot) => deployments.Machines.Match(new HardwareClues(mac, null, slot)) is not MachineMatch.Unknown);
        _proxied = new ProxyWatch(clock);
        Seen = newcomers?.Seen ?? new SeenMachines(clock);
    }

    /// <summary>Machines that asked and that nobody declared.</summary>
    public SeenMachines Seen { get; }

    /// <inheritdoc/>
    public BootOffer? Offer(BootClient client, NetworkSpecRef network, out string reason)
    {
        if (client.Stage == BootStage.None)
        {
            reason = "not a boot client";
            return null;
        }

        // Anyone can write a giaddr and an option 82: only what a relay says that the network names counts.
        var trusted = client.Relay is not null && network.Network.Relays.Contains(client.Relay);
        _watch.Asked(client.Mac, trusted ? Binding.SlotOf(client.RemoteId, client.CircuitId) : null);
        var match = Match(client.Mac, client.Uuid);
        if (match is MachineMatch.Unknown)
        {
            Seen.Know(client.Mac, known => known with
            {
                Network = network.Network.Name,
                Uuid = client.Uuid ?? known.Uuid,
                AskedDhcp = true,
                Relay = trusted ? client.Relay : null,
                CircuitId = trusted ? client.CircuitId : null,
                RemoteId = trusted ? client.RemoteId : null,
                Architectures = client.Architectures,
            });
        }

        var view = ViewOf(network, match, client.Mac) with { Loaders = _watch.Loaders(client.Mac) };
        if (match is MachineMatch.Found { Machine: var wanted } && _options.LoaderOf(wanted) is { } loader)
        {
            view = view with { UefiLoader = loader };
        }

        var plan = BootPlanner.Plan(view, match, DeploymentOf(match), new BootRequest.Dhcp(client));
        var offer = (plan.Decision as BootDecision.Offer)?.File;
        reason = offer?.Reason ?? (plan.Decision as BootDecision.NoOffer)?.Reason ?? "";
        var text = plan.Decision switch
        {
            BootDecision.Offer { File: var file } => $"{client.Mac} {file.Reason}: {file.File}",
            BootDecision.NoOffer none => $"{client.Mac} gets no boot file: {none.Reason}",
            _ => $"{client.Mac} asked",
        };
        if (network.Network.Mode != NetworkMode.Shadow || match is MachineMatch.Unknown)
        {
            Record(match, client.Mac, client.Uuid, string.Join(',', client.Architectures), "dhcp", text, plan.Alarm);
        }

        if (offer is not null && network.Network.Mode == NetworkMode.Proxy && match is MachineMatch.Found)
        {
            _proxied.Offered(client.Mac, client.Relay is null, new ProxyOffer(offer.File, network.ServerAddress));
        }

        return offer;
    }

    /// <param name="path">Normalised, without a slash at the start.</param>
    public async Task<BootReply> TftpAsync(string path, IPAddress source, NetworkSpecRef network, CancellationToken cancellationToken = default)
    {
        source = source.Plain();
        var owner = _owners.OwnerOf(source);
        Func<MachineMatch> find = () => owner.Mac is { } mac ? Match(mac) : new MachineMatch.Unknown($"{source} has no lease");
        if (owner.Mac is { } asking)
        {
            _proxied.Fetched(asking, path);
        }

        var request = new BootRequest.Tftp(path, source, owner);
        return await AnswerAsync(request, find, owner.Mac, null, null, network, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>iPXE's script. The MAC decides, and the lease table says whether the source may speak for it.</summary>
    /// <param name="smbios">What it says of itself; null in its first question.</param>
    public async Task<BootReply> ScriptAsync(
        MacAddress mac, Guid? uuid, IPAddress source, NetworkSpecRef network, Smbios? smbios = null, CancellationToken cancellationToken = default)
    {
        source = source.Plain();
        var owner = _owners.OwnerOf(source);
        _proxied.Fetched(mac, "script");
        // The slot was told of the MAC that has the lease; a request that only says that MAC gets nothing by it.
        Func<MachineMatch> find = owner.Mac == mac ? () => Match(mac, uuid) : () => _deployments.Machines.Match(new HardwareClues(mac, uuid));
        var request = new BootRequest.Script(mac, uuid, source, owner, HasTold: smbios is not null);
        return await AnswerAsync(request, find, mac, uuid, smbios, network, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A first-stage loader was sent whole. EDK2 opens it twice, once for its size only: count completed transfers.</summary>
    public void LoaderFetched(IPAddress source)
    {
        if (_owners.OwnerOf(source.Plain()).Mac is { } mac)
        {
            _watch.LoaderFetched(mac);
        }
    }

    /// <summary>Evidence from a listener for the timeline of the machine that has this address; ignored where none has.</summary>
    public void Note(IPAddress source, string kind, string text)
    {
        if (_owners.OwnerOf(source.Plain()).Mac is { } mac && Match(mac) is MachineMatch.Found found)
        {
            _deployments.Note(found.Machine.Id, TimelineNote.Of(kind, TimelineSeverity.Info, text));
        }
    }

    /// <summary>Evidence for the timeline of the machine that has this NIC; ignored where none has.</summary>
    public void Note(MacAddress mac, string kind, TimelineSeverity severity, string text)
    {
        if (Match(mac) is MachineMatch.Found found && _watch.IsNews(mac, text))
        {
            _deployments.Note(found.Machine.Id, TimelineNote.Of(kind, severity, text));
        }
    }

    /// <summary>
    /// Says of whom a boot file was offered to beside another server's address, and who fetched nothing: their firmware hears only the
    /// main DHCP server. Called every few seconds.
    /// </summary>
    public void SayUnfollowed()
    {
        foreach (var (mac, remedy) in _proxied.TakeUnfollowed())
        {
            Note(mac, "dhcp", TimelineSeverity.Warning, remedy);
        }
    }

    private async Task<BootReply> AnswerAsync(
        BootRequest request, Func<MachineMatch> find, MacAddress? mac, Guid? uuid, Smbios? smbios, NetworkSpecRef network, CancellationToken cancellationToken)
    {
        var match = find();
        var view = ViewOf(network, match, mac);
        var plan = BootPlanner.Plan(view, match, DeploymentOf(match), request);
        // Only who may speak for the MAC came so far: whoever asks in another's name was refused.
        if (plan.Decision is BootDecision.LocalScript or BootDecision.HoldScript && mac is { } newcomer
            && await TakeInAsync(view, match, newcomer, uuid, smbios, network, find, cancellationToken).ConfigureAwait(false) is { } taken)
        {
            (view, match) = taken;
            plan = BootPlanner.Plan(view, match, DeploymentOf(match), request);
        }

        if (plan.Alarm is not null)
        {
            Record(match, mac, uuid, null, "refused", plan.Alarm, plan.Alarm);
        }

        switch (plan.Decision)
        {
            case BootDecision.Loader loader:
                return new BootReply.LoaderFile(loader.Name, loader.FirstStage);
            case BootDecision.Environment environment:
                return new BootReply.EnvironmentFile(environment.Part);
            case BootDecision.InstallerFile file:
                return new BootReply.InstallerFile(file.Distro, file.BuildId, file.Name);
            case BootDecision.NotFound none:
                return new BootReply.NotFound(none.Reason);
            case BootDecision.Refused refused:
                DeploymentLog.BootRefused(_logger, refused.Reason);
                return new BootReply.Refused(refused.Reason);
            case BootDecision.LocalScript local:
                Record(match, mac, uuid, null, "boot-script", $"local boot: {local.Reason}", null);
                Fetched(mac);
                return new BootReply.Text(BootScripts.Local(local.Dialect, local.Reason));
            case BootDecision.TellScript:
                Fetched(mac);
                return new BootReply.Text(BootScripts.Tell(view.TellUrl));
            case BootDecision.HoldScript hold when mac is { } waiting && _newcomers is { Hold: var desk }:
                Record(match, mac, uuid, null, "boot-script", $"held in the deploy environment: {hold.Reason}", null);
                Fetched(mac);
                return new BootReply.Text(BootScripts.Hold(
                    hold.Dialect, hold.Reason, new HoldScript(waiting, desk.TokenFor(waiting, hold.Reason), view.ServerAddress, view.BaseUrl, _options.KernelArguments)));
            case BootDecision.DeployScript deploy when plan.Proposed is { } proposed && mac is { } booting && match is MachineMatch.Found found:
                var mark = _watch.Mark(booting);
                Fetched(mac);
                return await BootAsync(deploy.Dialect, found.Machine, booting, proposed, mark, view, cancellationToken).ConfigureAwait(false);
            default:
                throw new InvalidOperationException($"A plan without an answer: {plan.Decision.GetType().Name}.");
        }
    }

    private async Task<BootReply> BootAsync(
        ScriptDialect dialect, Machine machine, MacAddress mac, ProposedBoot proposed, string? mark, BootView view, CancellationToken cancellationToken)
    {
        var result = await _deployments.BootAsync(machine.DeploymentId!, proposed, mark, cancellationToken).ConfigureAwait(false);
        if (result.Refusal is { } refusal)
        {
            return new BootReply.Refused(refusal);
        }

        return new BootReply.Text(result.Deploy is { } grant
            ? StartOf(dialect, grant, new DeployScript(
                machine.Name, grant.Deployment.Id, grant.DeployToken, mac, view.ServerAddress, view.BaseUrl, _options.KernelArguments))
            : BootScripts.Local(dialect, $"{machine.Name}: {result.LocalReason}. Next: netdeploy show {machine.Name}"));
    }

    private string StartOf(ScriptDialect dialect, BootGrant grant, DeployScript script) => grant.Deployment.Installer is { } installer
        ? BootScripts.Installer(dialect, new InstallerScript(script, installer, _options.SyslogPort))
        : BootScripts.Deploy(dialect, script);

    /// <summary>By what a NIC says, and by where a trusted relay heard it last.</summary>
    private MachineMatch Match(MacAddress mac, Guid? uuid = null) => _deployments.Machines.Match(new HardwareClues(mac, uuid, _watch.Slot(mac)));

    private Deployment? DeploymentOf(MachineMatch match) =>
        match is MachineMatch.Found { Machine: { DeploymentId: not null } machine } ? _deployments.Current(machine.Id) : null;

    private void Fetched(MacAddress? mac)
    {
        if (mac is { } known)
        {
            _watch.ScriptFetched(known);
        }
    }

    private void Record(MachineMatch match, MacAddress? mac, Guid? uuid, string? architecture, string kind, string text, string? alarm)
    {
        switch (match)
        {
            case MachineMatch.Found found:
                if (alarm is not null || mac is null || _watch.IsNews(mac.Value, text))
                {
                    _deployments.Note(found.Machine.Id, TimelineNote.Of(kind, alarm is null ? TimelineSeverity.Info : TimelineSeverity.Alarm, alarm ?? text));
                }

                break;
            case MachineMatch.Conflict conflict when mac is { } sender:
                Seen.Saw(sender, uuid, architecture, conflict.Reason);
                if (!_watch.IsNews(sender, conflict.Reason))
                {
                    break;
                }

                foreach (var machine in conflict.Names.Select(_deployments.Machines.ByName).OfType<Machine>())
                {
                    _deployments.Note(machine.Id, TimelineNote.Of("conflict", TimelineSeverity.Alarm, $"{sender}: {conflict.Reason}; local boot"));
                }

                break;
            case MachineMatch.Unknown unknown when mac is { } sender:
                Seen.Saw(sender, uuid, architecture, alarm ?? unknown.Reason);
                break;
        }
    }
}
