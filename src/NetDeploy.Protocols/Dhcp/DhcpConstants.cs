namespace NetDeploy.Protocols.Dhcp;

/// <summary>Numbers of RFC 2131 section 2 and RFC 2132 section 2.</summary>
public static class DhcpConstants
{
    public const int ServerPort = 67;

    public const int ClientPort = 68;

    /// <summary>Where PXE firmware asks for its boot file when its address came from another server (PXE 2.1 section 2.2.3).</summary>
    public const int BootServerPort = 4011;

    /// <summary>op to giaddr and chaddr.</summary>
    public const int ServerNameOffset = 44;

    public const int ServerNameLength = 64;

    public const int BootFileOffset = ServerNameOffset + ServerNameLength;

    public const int BootFileLength = 128;

    public const int CookieOffset = BootFileOffset + BootFileLength;

    /// <summary>The fixed header and the magic cookie; options follow.</summary>
    public const int OptionsOffset = CookieOffset + 4;

    public const uint MagicCookie = 0x63825363;

    public const int HardwareAddressLength = 16;

    /// <summary>ARP hardware type 1 (RFC 1700): Ethernet.</summary>
    public const byte EthernetHardware = 1;

    /// <summary>The first bit of the flags: the client cannot take a unicast before it has its address.</summary>
    public const ushort BroadcastFlag = 0x8000;

    /// <summary>BOOTP relays and old ROMs drop anything shorter (RFC 1542 section 2.1).</summary>
    public const int MinimumReplyLength = 300;

    /// <summary>Every client takes an IP datagram of this size (RFC 2131 section 2); option 57 can only raise it.</summary>
    public const int MinimumMaxMessageSize = 576;

    /// <summary>An Ethernet frame's IP datagram: firmware reassembles no fragments, so no reply is larger, whatever option 57 says.</summary>
    public const int MaximumMessageSize = 1500;

    /// <summary>IP and UDP headers, which option 57 counts as clients use it.</summary>
    public const int IpUdpHeaderLength = 28;

    /// <summary>The largest packet worth reading; a longer one is refused.</summary>
    public const int MaximumPacketLength = 4096;
}

/// <summary>The header's op field.</summary>
public enum DhcpOp : byte
{
    Request = 1,
    Reply = 2,
}

/// <summary>Option 53 (RFC 2132 section 9.6).</summary>
public enum DhcpMessageType : byte
{
    None = 0,
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
    Inform = 8,
}

/// <summary>Option codes this project reads or writes; the RFC is named where it is not 2132.</summary>
public enum DhcpOptionCode : byte
{
    Pad = 0,
    SubnetMask = 1,
    Router = 3,
    DnsServers = 6,
    HostName = 12,
    DomainName = 15,
    BroadcastAddress = 28,
    VendorSpecific = 43,
    RequestedAddress = 50,
    LeaseTime = 51,
    Overload = 52,
    MessageType = 53,
    ServerIdentifier = 54,
    ParameterRequestList = 55,
    Message = 56,
    MaxMessageSize = 57,
    RenewalTime = 58,
    RebindingTime = 59,
    VendorClass = 60,
    ClientIdentifier = 61,
    TftpServerName = 66,
    BootFile = 67,

    /// <summary>RFC 3004.</summary>
    UserClass = 77,

    /// <summary>RFC 3046.</summary>
    RelayAgentInformation = 82,

    /// <summary>RFC 4578 section 2.1.</summary>
    ClientArchitecture = 93,

    /// <summary>RFC 4578 section 2.2.</summary>
    ClientNetworkInterface = 94,

    /// <summary>RFC 4578 section 2.3.</summary>
    ClientMachineIdentifier = 97,

    /// <summary>RFC 3442.</summary>
    ClasslessRoutes = 121,

    /// <summary>Assigned to Etherboot: iPXE's own sub-options.</summary>
    Ipxe = 175,

    End = 255,
}
