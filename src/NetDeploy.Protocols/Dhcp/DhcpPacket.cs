namespace NetDeploy.Protocols.Dhcp;

/// <summary>A DHCPv4 message (RFC 2131 section 2) as a value.</summary>
public sealed record DhcpPacket
{
    public required DhcpOp Op { get; init; }

    public byte HardwareType { get; init; } = DhcpConstants.EthernetHardware;

    /// <summary>chaddr, cut to hlen: at most 16 bytes.</summary>
    public ReadOnlyMemory<byte> HardwareAddress { get; init; }

    public byte Hops { get; init; }

    public uint TransactionId { get; init; }

    /// <summary>Seconds since the client began, as the client says.</summary>
    public ushort Seconds { get; init; }

    public ushort Flags { get; init; }

    /// <summary>ciaddr: the address the client says it has.</summary>
    public Ipv4Address ClientAddress { get; init; }

    /// <summary>yiaddr: the address the server gives.</summary>
    public Ipv4Address YourAddress { get; init; }

    /// <summary>siaddr: where the boot file is.</summary>
    public Ipv4Address ServerAddress { get; init; }

    /// <summary>giaddr: the relay's address on the client's link; 0.0.0.0 without a relay.</summary>
    public Ipv4Address RelayAddress { get; init; }

    /// <summary>sname; empty where the field holds options instead (option 52).</summary>
    public string ServerName { get; init; } = "";

    /// <summary>file; empty where the field holds options instead (option 52).</summary>
    public string BootFile { get; init; } = "";

    public DhcpOptions Options { get; init; } = DhcpOptions.Empty;

    public bool WantsBroadcast => (Flags & DhcpConstants.BroadcastFlag) != 0;

    public DhcpMessageType MessageType => Options.MessageType;

    /// <summary>The Ethernet address of the client; null for other hardware, and for addresses no machine can own.</summary>
    public MacAddress? Mac =>
        HardwareType == DhcpConstants.EthernetHardware && HardwareAddress.Length == 6
        && new MacAddress(HardwareAddress.Span) is { IsZero: false, IsMulticast: false } mac
            ? mac
            : null;
}
