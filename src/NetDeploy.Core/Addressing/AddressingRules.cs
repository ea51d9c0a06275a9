using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>The DHCP server's decisions (RFC 2131 section 4.3), free of I/O: the table is read, never changed.</summary>
public static class AddressingRules
{
    /// <summary>How long an address that a stranger uses is left alone.</summary>
    public static readonly TimeSpan DeclineTime = TimeSpan.FromSeconds(600);

    /// <param name="table">Has to <see cref="LeaseTable.Use"/> the same snapshot.</param>
    public static AddressingDecision Decide(
        AddressingSnapshot snapshot, LeaseTable table, DhcpPacket packet, BootClient client, Ingress ingress, DateTimeOffset now)
    {
        if (packet.Op != DhcpOp.Request)
        {
            return AddressingDecision.Ignore("a reply, not a request");
        }

        if (packet.MessageType is not (DhcpMessageType.Discover or DhcpMessageType.Request or DhcpMessageType.Inform
            or DhcpMessageType.Decline or DhcpMessageType.Release))
        {
            return AddressingDecision.Ignore("not a message that a client sends (option 53)");
        }

        // The reply would go to everyone, or to ourselves: no relay has such an address.
        if (!packet.RelayAddress.IsAny && (!packet.RelayAddress.IsUnicast || snapshot.ServerAddresses.Contains(packet.RelayAddress)
            || snapshot.Find(packet.RelayAddress)?.BroadcastAddress == packet.RelayAddress))
        {
            return AddressingDecision.Ignore("no relay has the address in giaddr");
        }

        if (SubnetOf(snapshot, packet, ingress) is not { } subnet)
        {
            return AddressingDecision.Ignore("its network is none of ours");
        }

        if (ingress.Port == DhcpConstants.BootServerPort && subnet.Spec.Mode == NetworkMode.Authoritative)
        {
            return AddressingDecision.Ignore($"network {subnet.Name} is authoritative: boot files come with the addresses there", subnet);
        }

        var decision = subnet.Spec.Mode switch
        {
            NetworkMode.Authoritative => Authoritative(snapshot, new AddressingExchange(packet, client, subnet, snapshot, table, now), ingress),
            NetworkMode.Proxy => ProxyRules.Decide(snapshot, packet, client, subnet, ingress),
            _ => AddressingDecision.Ignore("mode shadow: nothing is sent") with
            {
                Shadowed = Shadow(snapshot, new AddressingExchange(packet, client, subnet, snapshot, table, now), ingress) with { Subnet = subnet, Changes = [] },
            },
        };
        return decision with { Subnet = subnet, ForeignServer = ForeignServer(snapshot, packet, ingress) };
    }

    /// <summary>The boot file as a proxy would give it; and an address, where pools or a reservation could give one.</summary>
    private static AddressingDecision Shadow(AddressingSnapshot snapshot, AddressingExchange exchange, Ingress ingress) =>
        ingress.Port == DhcpConstants.ServerPort && (!exchange.Subnet.Pools.IsEmpty || exchange.Reservation is not null)
            ? Authoritative(snapshot, exchange, ingress)
            : ProxyRules.Decide(snapshot, exchange.Packet, exchange.Client, exchange.Subnet, ingress);

    /// <summary>A client that takes an offer broadcasts whose it is: so other servers are known by name wherever a client listens to them.</summary>
    private static Ipv4Address? ForeignServer(AddressingSnapshot snapshot, DhcpPacket packet, Ingress ingress) =>
        packet.MessageType is DhcpMessageType.Request && ingress.Port == DhcpConstants.ServerPort
        && packet.Options.ServerIdentifier is { IsUnicast: true } named && !IsOurs(snapshot, ingress, named)
            ? named
            : null;

    private static AddressingDecision Authoritative(AddressingSnapshot snapshot, AddressingExchange exchange, Ingress ingress) =>
        exchange.Packet.MessageType switch
        {
            DhcpMessageType.Discover => Discover(exchange),
            DhcpMessageType.Request => Request(snapshot, exchange, ingress),
            DhcpMessageType.Inform => Inform(exchange),
            DhcpMessageType.Decline => Decline(snapshot, exchange),
            _ => Release(snapshot, exchange),
        };

    /// <summary>
    /// A relayed packet belongs to the relay's link, or to the one its sub-option 5 names (RFC 3527). A client that
    /// renews by unicast may sit behind a router: its own address tells. So may one that asks for a boot file by unicast, and some
    /// leave ciaddr empty there. Everyone else is on the interface's link.
    /// </summary>
    private static Subnet? SubnetOf(AddressingSnapshot snapshot, DhcpPacket packet, Ingress ingress)
    {
        if (!packet.RelayAddress.IsAny)
        {
            return snapshot.Find(packet.Options.LinkSelection ?? packet.RelayAddress);
        }

        var sender = packet.ClientAddress.IsAny && ingress.Port == DhcpConstants.BootServerPort ? ingress.Source : packet.ClientAddress;
        return ingress.Unicast && !sender.IsAny && packet.MessageType is not DhcpMessageType.Discover
            ? snapshot.Find(sender)
            : snapshot.Find(ingress.OwnAddress);
    }

    private static AddressingDecision Discover(AddressingExchange exchange) =>
        exchange.Choose() is not var (address, reason)
            ? AddressingDecision.Ignore(exchange.IsDeclared || exchange.Subnet.KeptAtMost == 0 ? "no address is free" : "no address is free for a client that has no document")
            : new AddressingDecision
            {
                Reply = DhcpMessageType.Offer,
                Address = address,
                LeaseTime = exchange.Subnet.Spec.LeaseTime,
                HostName = exchange.Reservation?.HostName,
                Changes = exchange.Offer(address),
                Reason = reason,
            };

    /// <summary>The client's state is told by which fields it fills (RFC 2131 section 4.3.2).</summary>
    private static AddressingDecision Request(AddressingSnapshot snapshot, AddressingExchange exchange, Ingress ingress)
    {
        var packet = exchange.Packet;
        var server = packet.Options.ServerIdentifier;
        var requested = packet.Options.RequestedAddress;
        if (server is { } named && !IsOurs(snapshot, ingress, named))
        {
            return AddressingDecision.Ignore($"it chose the server {named}") with { Changes = exchange.Offers() };
        }

        return (server, requested) switch
        {
            (not null, { } address) => Grant(exchange, address, "selecting"),
            (null, { } address) => Grant(exchange, address, "rebooting"),
            _ when !packet.ClientAddress.IsAny => Renew(snapshot, exchange, ingress),
            _ => AddressingDecision.Ignore("it asks for no address (neither option 50 nor ciaddr)"),
        };
    }

    private static AddressingDecision Renew(AddressingSnapshot snapshot, AddressingExchange exchange, Ingress ingress)
    {
        var decision = Grant(exchange, exchange.Packet.ClientAddress, ingress.Unicast ? "renewing" : "rebinding");

        // A broadcast NAK never reaches a client behind a router; it will rebind through its relay, and get it there.
        return decision.Reply is DhcpMessageType.Nak && ingress.Unicast && exchange.Packet.RelayAddress.IsAny
            && exchange.Subnet != snapshot.Find(ingress.OwnAddress)
                ? AddressingDecision.Ignore($"refused, and behind a router: {decision.Reason}")
                : decision with { AnswersClientAddress = decision.Reply is DhcpMessageType.Ack };
    }

    /// <summary>
    /// We are the authority: an address that is unknown to us but free for this client is bound (our journal may have
    /// been lost, or its offer with a restart), anything else gets a NAK at once.
    /// </summary>
    private static AddressingDecision Grant(AddressingExchange exchange, Ipv4Address address, string state)
    {
        if (exchange.Objection(address) is { } objection)
        {
            return new AddressingDecision { Reply = DhcpMessageType.Nak, Reason = $"{state}: {objection}" };
        }

        var (changes, leaseTime) = exchange.Bind(address);
        return new AddressingDecision
        {
            Reply = DhcpMessageType.Ack,
            Address = address,
            LeaseTime = leaseTime,
            HostName = exchange.Reservation?.HostName,
            Changes = changes,
            Reason = changes.IsEmpty ? $"{state}, early in its lease" : state,
        };
    }

    /// <summary>The client has its address by other means and asks for options alone (RFC 2131 section 4.3.5).</summary>
    private static AddressingDecision Inform(AddressingExchange exchange) =>
        exchange.Subnet.Contains(exchange.Packet.ClientAddress)
            ? new AddressingDecision { Reply = DhcpMessageType.Ack, AnswersClientAddress = true, Reason = "inform" }
            : AddressingDecision.Ignore("inform from an address that is not on its network");

    private static AddressingDecision Decline(AddressingSnapshot snapshot, AddressingExchange exchange)
    {
        var options = exchange.Packet.Options;
        if (options.RequestedAddress is not { } address || exchange.Mine(address) is null || !IsOurs(snapshot, options.ServerIdentifier))
        {
            return AddressingDecision.Ignore("declines an address that is not its own");
        }

        if (exchange.HasDeclinedEnough)
        {
            return AddressingDecision.Ignore("declines one address after the other");
        }

        return new AddressingDecision
        {
            Address = address,
            Changes = [exchange.Make(address, LeaseState.Declined, exchange.Now + DeclineTime)],
            Reason = $"{address} is in use by a stranger: left alone for {DeclineTime.TotalSeconds:0} s",
        };
    }

    /// <summary>The address is free at once, and the client gets it again if it comes back before someone needs it.</summary>
    private static AddressingDecision Release(AddressingSnapshot snapshot, AddressingExchange exchange)
    {
        var address = exchange.Packet.ClientAddress;
        if (exchange.Mine(address) is not { State: LeaseState.Bound } || !IsOurs(snapshot, exchange.Packet.Options.ServerIdentifier))
        {
            return AddressingDecision.Ignore("releases an address that is not its own");
        }

        return new AddressingDecision
        {
            Address = address,
            Changes = [exchange.Make(address, LeaseState.Released, exchange.Now)],
            Reason = "released",
        };
    }

    internal static bool IsOurs(AddressingSnapshot snapshot, Ingress ingress, Ipv4Address server) =>
        server == ingress.OwnAddress || snapshot.ServerAddresses.Contains(server);

    /// <summary>DECLINE and RELEASE must name the server; those that do not are taken as meant for us.</summary>
    private static bool IsOurs(AddressingSnapshot snapshot, Ipv4Address? server) =>
        server is null || snapshot.ServerAddresses.Contains(server.Value);
}
