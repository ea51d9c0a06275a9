using System.Globalization;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Leases;

namespace NetDeploy.Server.Dhcp;

/// <summary>
/// From the bytes of a request to the bytes of its reply: read, identify, decide, offer a boot file, build, and send
/// once the lease is durable. Safe from any thread.
/// </summary>
internal sealed class DhcpResponder(
    LeaseStore leases, Func<AddressingSnapshot> snapshot, IBootOffers bootOffers, IDhcpObserver observer, TimeProvider time, DhcpMetrics metrics, ILogger logger)
{
    /// <param name="survey">Of the interface; null: other servers are nobody's business there.</param>
    public void Handle(ReadOnlySpan<byte> bytes, Ingress ingress, IReplyChannel channel, DhcpSurvey? survey = null)
    {
        if (!DhcpDecoder.TryRead(bytes, out var packet, out var reason) || !BootClientReader.TryRead(packet, out var client, out reason))
        {
            metrics.Malformed(reason);
            DhcpLog.Malformed(logger, bytes.Length, ingress.Interface, reason);
            return;
        }

        var current = snapshot();
        if (survey?.Takes(packet, ingress, current) is true)
        {
            return;
        }

        metrics.Request(packet.MessageType);
        var exchange = new Exchange(packet, client, ingress, channel);
        var decision = leases.Decide(
            current,
            (table, now) => AddressingRules.Decide(current, table, packet, client, ingress, now),
            (made, durable) => Finish(exchange, made, durable));
        if (decision is { ForeignServer: { } named, Subnet: { } network } && packet.RelayAddress.IsAny)
        {
            survey?.Named(named, network);
        }

        if (!decision.NeedsJournal)
        {
            Answer(exchange, decision);
        }
    }

    /// <summary>On the journal's thread, which serves every client: a fault costs this reply alone.</summary>
    private void Finish(Exchange exchange, AddressingDecision decision, bool durable)
    {
        try
        {
            if (durable)
            {
                Answer(exchange, decision);
                return;
            }

            metrics.Unwritten();
            Observe(exchange, decision with { Reply = DhcpMessageType.None }, null, "the lease could not be written to disk");
        }
#pragma warning disable CA1031 // Nothing above this thread could go on in its place; the fault is logged with its stack.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            DhcpLog.Fault(logger, fault, exchange.Ingress.Interface);
        }
    }

    private void Answer(Exchange exchange, AddressingDecision decision)
    {
        if (decision.Shadowed is { } unsaid)
        {
            var file = BootOf(exchange, unsaid, out var why);
            Observe(exchange, decision, null, Unsaid(unsaid, file, why));
            return;
        }

        if (decision.Reply is DhcpMessageType.None)
        {
            Observe(exchange, decision, null, decision.Reason);
            return;
        }

        var (packet, client, ingress, channel) = exchange;
        var boot = BootOf(exchange, decision, out var bootReason);
        if (decision.IsProxied && boot is null)
        {
            Observe(exchange, decision with { Reply = DhcpMessageType.None }, null, bootReason);
            return;
        }

        var reply = decision.IsProxied
            ? ProxyReplies.Build(packet, client, decision, ingress.OwnAddress, boot!)
            : DhcpReplies.Build(packet, client, decision, ingress.OwnAddress, boot);
        Span<byte> buffer = stackalloc byte[DhcpEncoder.MaximumLength];
        var written = DhcpEncoder.Write(reply, packet.Options.MaxMessageSize, buffer);
        if (written.LeftOut.Length > 0)
        {
            DhcpLog.LeftOut(logger, client.Mac, packet.TransactionId, decision.Reply, packet.Options.MaxMessageSize, string.Join(", ", written.LeftOut));
        }

        channel.Send(buffer[..written.Length], ReplyRoute.Of(packet, client.Mac, decision));
        metrics.Reply(decision.Reply);
        Observe(exchange, decision, boot, boot is null ? decision.Reason : $"{decision.Reason}; {boot.Reason}");
    }

    private BootOffer? BootOf(Exchange exchange, AddressingDecision decision, out string reason)
    {
        var (_, client, ingress, _) = exchange;
        if (client.Stage is BootStage.None || decision.Reply is DhcpMessageType.None or DhcpMessageType.Nak)
        {
            reason = "";
            return null;
        }

        return bootOffers.Offer(client, new NetworkSpecRef(decision.Subnet!.Spec, ingress.OwnAddress.ToIPAddress()), out reason);
    }

    /// <summary>What a server in mode shadow keeps to itself.</summary>
    private static string Unsaid(AddressingDecision unsaid, BootOffer? boot, string bootReason)
    {
        var address = unsaid.Address.IsAny ? null : $"{unsaid.Address} ({unsaid.Reason})";
        var file = boot is null ? null : $"{boot.File} ({boot.Reason})";
        return (address, file) switch
        {
            (not null, not null) => $"would have been told {unsaid.Reply} {address} with {file}",
            (not null, null) => $"would have been told {unsaid.Reply} {address} without a boot file{(bootReason.Length > 0 ? $" ({bootReason})" : "")}",
            (null, not null) => $"would have been told {unsaid.Reply} with {file}",
            _ when unsaid.Reply is DhcpMessageType.None || unsaid.IsProxied => $"would not have been answered ({(bootReason.Length > 0 ? bootReason : unsaid.Reason)})",
            _ => $"would have been told {unsaid.Reply} ({unsaid.Reason})",
        };
    }

    private void Observe(Exchange exchange, AddressingDecision decision, BootOffer? boot, string reason)
    {
        var (packet, client, ingress, _) = exchange;
        if (decision.Shadowed is not null)
        {
            DhcpLog.Shadowed(logger, client.Mac, packet.TransactionId, packet.MessageType, ingress.Interface, reason);
        }
        else if (decision.Reply is DhcpMessageType.None)
        {
            DhcpLog.NotAnswered(logger, client.Mac, packet.TransactionId, packet.MessageType, ingress.Interface, reason);
        }
        else
        {
            DhcpLog.Decided(logger, client.Mac, packet.TransactionId, packet.MessageType, ingress.Interface, decision.Reply,
                decision.Address.IsAny ? "-" : decision.Address.ToString(), boot?.File ?? "-", reason);
        }

        observer.Decided(new DhcpEvent
        {
            At = time.GetUtcNow(),
            Interface = ingress.Interface,
            Mac = client.Mac,
            TransactionId = packet.TransactionId,
            Request = packet.MessageType,
            Reply = decision.Reply,
            Client = client,
            Network = decision.Subnet?.Name,
            Address = decision.Address.IsAny ? null : decision.Address.ToIPAddress(),
            BootFile = boot?.File,
            ForeignServer = decision.ForeignServer?.ToIPAddress(),
            Shadowed = decision.Shadowed is null ? null : reason,
            Mode = decision.Subnet?.Spec.Mode,
            Reason = reason,
        });
    }

    private sealed record Exchange(DhcpPacket Packet, BootClient Client, Ingress Ingress, IReplyChannel Channel);
}
