using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;

namespace NetDeploy.Server.Boot;

/// <summary>Addresses that were given, by us or by another server, in the timeline of the machine; the boot file has its own line from the desk.</summary>
internal sealed class LeaseNotes(BootDesk desk) : IDhcpObserver
{
    public void Decided(DhcpEvent decision)
    {
        if (decision.Shadowed is { } said)
        {
            desk.Note(decision.Mac, "shadow", TimelineSeverity.Info, $"{decision.Request} of {decision.Mac} ({Stage(decision)}) {said}");
        }

        if (decision.ForeignServer is { } server)
        {
            var isOurs = decision.Mode == NetworkMode.Authoritative;
            desk.Note(
                decision.Mac, "dhcp", isOurs ? TimelineSeverity.Warning : TimelineSeverity.Info,
                $"{decision.Mac} ({Stage(decision)}) takes its address from the DHCP server {server}"
                + (isOurs ? $", and no boot file from here: stop that server, or write mode: proxy in the Network document {decision.Network}" : ""));
        }
        else if (decision is { Reply: DhcpMessageType.Ack, Address: { } address })
        {
            desk.Note(address, "dhcp", $"{address} for {decision.Mac} ({Stage(decision)})");
        }
        else if (decision is { Reply: DhcpMessageType.Nak, Address: { } refused })
        {
            desk.Note(refused, "dhcp", $"{decision.Mac} was refused {refused}: {decision.Reason}");
        }
    }

    private static string Stage(DhcpEvent decision) =>
        decision.Client.Stage == BootStage.None ? "system" : decision.Client.Stage.ToString().ToLowerInvariant();
}
