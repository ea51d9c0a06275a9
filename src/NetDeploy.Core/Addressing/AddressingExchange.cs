using System.Collections.Immutable;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Addressing;

/// <summary>One packet of one client on one of our networks, with the questions that several rules ask.</summary>
internal sealed class AddressingExchange
{
    /// <summary>How long an offered address is kept for its client: firmware collects offers for some seconds before it asks.</summary>
    private static readonly TimeSpan s_offerTime = TimeSpan.FromSeconds(60);

    private readonly LeaseTable _table;

    /// <summary>Clients that find a stranger on one address find another on the next; more than this is someone who empties the pool.</summary>
    private const int DeclinesAtOnce = 4;

    public AddressingExchange(DhcpPacket packet, BootClient client, Subnet subnet, AddressingSnapshot snapshot, LeaseTable table, DateTimeOffset now)
    {
        Packet = packet;
        Client = client;
        Subnet = subnet;
        _table = table;
        Now = now;
        Reservation = subnet.ReservationOf(client.Mac);
        IsDeclared = snapshot.Declared.Contains(client.Mac);
        Key = KeyOf();
    }

    public DhcpPacket Packet { get; }

    public BootClient Client { get; }

    public Subnet Subnet { get; }

    public DateTimeOffset Now { get; }

    public Reservation? Reservation { get; }

    /// <summary>A machine with a document has this NIC, as far as its MAC tells.</summary>
    public bool IsDeclared { get; }

    public LeaseKey Key { get; }

    /// <summary>The client declined as many addresses as one client may withhold from the others.</summary>
    public bool HasDeclinedEnough =>
        _table.Of(Client.Mac).Count(l => l.State is LeaseState.Declined && l.IsLive(Now) && Subnet.Contains(l.Address)) >= DeclinesAtOnce;

    /// <summary>The lease of this client at the address, in whatever state.</summary>
    public Lease? Mine(Ipv4Address address) => _table.At(address) is { } lease && IsMine(lease) ? lease : null;

    /// <summary>Why the client cannot have the address; null where it can.</summary>
    public string? Objection(Ipv4Address address)
    {
        if (!Subnet.Contains(address))
        {
            return $"{address} is not on network {Subnet.Name}";
        }

        if (Subnet.IsWithheld(address))
        {
            return $"{address} is not a client's";
        }

        var owner = Subnet.ReservationAt(address);
        if (owner is not null && owner.Mac != Client.Mac)
        {
            return $"{address} is reserved for {owner.Mac}";
        }

        if (HolderOf(address) is { } holder && !IsLastResort(holder))
        {
            return holder.State is LeaseState.Declined
                ? $"{address} is in use by a stranger, as {holder.Mac} found"
                : $"{address} belongs to {holder.Mac}";
        }

        if (Reservation is not null && owner is null && HolderOf(Ipv4Address.From(Reservation.Address)) is null)
        {
            return $"{Reservation.Address} is reserved for the client";
        }

        if (owner is null && !Subnet.IsInPool(address))
        {
            return $"{address} is in no pool";
        }

        return HasRoom(address) ? null : "the last free addresses are kept for machines that have a document";
    }

    /// <summary>A stranger's own live address counts already; another one is taken from those that are left.</summary>
    private bool HasRoom(Ipv4Address address) =>
        IsDeclared || (Mine(address) is { } own && own.IsLive(Now)) || _table.HasRoomForStranger(Subnet, Now);

    /// <summary>The address to offer: the reservation, the client's own, the one it asks for, any free one.</summary>
    public (Ipv4Address Address, string Reason)? Choose()
    {
        if (Reservation is not null && Ipv4Address.From(Reservation.Address) is var reserved && Objection(reserved) is null)
        {
            return (reserved, "reserved");
        }

        var shortcoming = Reservation is null ? "" : $", as the reserved {Reservation.Address} is taken";
        foreach (var lease in Own().OrderByDescending(l => l.ExpiresAt))
        {
            if (Objection(lease.Address) is null)
            {
                return (lease.Address, "its address" + shortcoming);
            }
        }

        if (Packet.Options.RequestedAddress is { } wanted && Objection(wanted) is null)
        {
            return (wanted, "the address it asked for" + shortcoming);
        }

        if ((IsDeclared || _table.HasRoomForStranger(Subnet, Now)) && _table.FindFree(Subnet, Now) is { } free)
        {
            return (free, "a free address" + shortcoming);
        }

        return _table.Of(Client.Mac).FirstOrDefault(l => Subnet.Contains(l.Address) && IsLastResort(l) && Objection(l.Address) is null) is { } declined
            ? (declined.Address, "it declined this address, and no other is free")
            : null;
    }

    /// <summary>
    /// What a declared machine declined is offered to it again before it gets nothing: the DECLINE may have been forged, and if a
    /// stranger does have the address, the machine declines again.
    /// </summary>
    private bool IsLastResort(Lease lease) =>
        lease.State is LeaseState.Declined && IsDeclared && lease.Mac == Client.Mac && _table.FindFree(Subnet, Now) is null;

    /// <summary>Keeps the address for the client, unless a lease does that already.</summary>
    public ImmutableArray<Lease> Offer(Ipv4Address address)
    {
        var until = Now + s_offerTime;
        return Mine(address) is { State: LeaseState.Bound } bound && bound.ExpiresAt >= until.ToUnixTimeMilliseconds()
            ? Offers(address)
            : [Make(address, LeaseState.Offered, until), .. Offers(address)];
    }

    /// <summary>
    /// Binds the address for the lease time, and gives back what else the client had here. A client that asks again
    /// early in its lease, as each stage of a netboot does, gets the rest of it without a write.
    /// </summary>
    public (ImmutableArray<Lease> Changes, TimeSpan LeaseTime) Bind(Ipv4Address address)
    {
        var full = Subnet.Spec.LeaseTime;
        var fresh = Make(address, LeaseState.Bound, Now + full);
        var others = Withdrawals(address);
        if (others.IsEmpty && _table.DurableAt(address) is { State: LeaseState.Bound } durable && ReferenceEquals(durable, _table.At(address))
            && durable with { ExpiresAt = fresh.ExpiresAt } == fresh
            && DateTimeOffset.FromUnixTimeMilliseconds(durable.ExpiresAt) - Now is var rest && rest <= full && rest >= full * 7 / 8)
        {
            return ([], rest);
        }

        return ([fresh, .. others], full);
    }

    /// <summary>A change of the client's address to another state.</summary>
    public Lease Make(Ipv4Address address, LeaseState state, DateTimeOffset until) => new()
    {
        Address = address,
        Client = Key,
        Mac = Client.Mac,
        Network = Subnet.Name,
        State = state,
        ExpiresAt = until.ToUnixTimeMilliseconds(),
        GoesByMac = GoesByMac(),
        HostName = Reservation?.HostName,
    };

    /// <summary>What the client has here beside one address: offers are withdrawn, leases given back.</summary>
    private ImmutableArray<Lease> Withdrawals(Ipv4Address? kept) =>
    [
        .. Own().Where(l => l.Address != kept && l.IsLive(Now)).Select(l =>
            l.State is LeaseState.Offered
                ? l with { State = LeaseState.Withdrawn }
                : l with { State = LeaseState.Released, ExpiresAt = Now.ToUnixTimeMilliseconds() }),
    ];

    /// <summary>The other offers made to the client here, withdrawn.</summary>
    public ImmutableArray<Lease> Offers(Ipv4Address? kept = null) => [.. Withdrawals(kept).Where(l => l.State is LeaseState.Withdrawn)];

    private List<Lease> Own() =>
        [.. (Key.IsMac ? _table.Of(Client.Mac) : _table.Of(Key)).Where(l => Subnet.Contains(l.Address) && IsMine(l))];

    /// <summary>
    /// A NIC that netboots takes over what another program on it had under its own option 61: PXE ROM, iPXE,
    /// installer and installed system all differ there, and would take an address each.
    /// </summary>
    private bool IsMine(Lease lease) =>
        lease.State is not LeaseState.Declined && (lease.Client == Key || (Key.IsMac && lease.Mac == Client.Mac));

    private Lease? HolderOf(Ipv4Address address) => _table.At(address) is { } lease && lease.IsLive(Now) && !IsMine(lease) ? lease : null;

    private bool GoesByMac() => Client.Stage is not BootStage.None || IsDeclared || _table.Of(Client.Mac).Any(l => l.GoesByMac);

    /// <summary>RFC 2131 section 4.2 has option 61 first; netbooting NICs, and those of declared machines, go by their MAC.</summary>
    private LeaseKey KeyOf()
    {
        var byMac = LeaseKey.OfMac(Client.Mac);
        if (GoesByMac() || Packet.Options.ClientIdentifier is not { } id)
        {
            return byMac;
        }

        // Type 1 and the MAC is what a client without an identifier of its own sends: the same client.
        return id == "01" + Convert.ToHexStringLower(Packet.HardwareAddress.Span) ? byMac : LeaseKey.OfClientIdentifier(id);
    }
}
