using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;

namespace NetDeploy.Server.Boot;

/// <summary>Addresses that were given, in the timeline of the machine; the boot file has its own line from the desk.</summary>
internal sealed class LeaseNotes(BootDesk desk) : IDhcpObserver
{
    public void Decided(DhcpEvent decision)
    {
        if (decision is { Reply: DhcpMessageType.Ack, Address: { } address })
        {
            var stage = decision.Client.Stage == Core.Boot.BootStage.None ? "system" : decision.Client.Stage.ToString().ToLowerInvariant();
            desk.Note(address, "dhcp", $"{address} for {decision.Mac} ({stage})");
        }
        else if (decision is { Reply: DhcpMessageType.Nak, Address: { } refused })
        {
            desk.Note(refused, "dhcp", $"{decision.Mac} was refused {refused}: {decision.Reason}");
        }
    }
}
