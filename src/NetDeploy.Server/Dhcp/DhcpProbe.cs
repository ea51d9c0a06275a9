using System.Security.Cryptography;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Dhcp;

/// <summary>
/// The question "who leases here?": a DISCOVER as a relay would pass it on, with this server's own address as giaddr. So each server
/// answers to our port 67, which needs neither port 68 nor raw packets, and no address is taken: an offer that nobody asks for lapses.
/// </summary>
/// <param name="mac">Of our own NIC: switches that snoop DHCP drop a question in another's name.</param>
internal sealed class DhcpProbe(MacAddress mac, Ipv4Address ownAddress)
{
    private const string Name = "NetDeploy";

    /// <summary>Chosen anew by each process: what answers an older one is no evidence.</summary>
    private readonly uint _transaction = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));

    /// <summary>Writes the question; at most <see cref="DhcpEncoder.MaximumLength"/> bytes.</summary>
    public int Write(Span<byte> destination)
    {
        var hardware = new byte[6];
        mac.CopyTo(hardware);
        var options = new DhcpOptionsBuilder()
            .Add(DhcpMessageType.Discover)
            .Add(DhcpOptionCode.VendorClass, Name)
            // Not the identifier of the host's own DHCP client: no server shall think that its lease is meant.
            .Add(DhcpOptionCode.ClientIdentifier, (byte[])[0, .. "NetDeploy probe"u8])
            .Add(DhcpOptionCode.ParameterRequestList, (byte[])[(byte)DhcpOptionCode.SubnetMask]);
        var packet = new DhcpPacket
        {
            Op = DhcpOp.Request,
            HardwareAddress = hardware,
            Hops = 1,
            TransactionId = _transaction,
            RelayAddress = ownAddress,
            Options = options.Build(),
        };
        return DhcpEncoder.Write(packet, DhcpConstants.MinimumMaxMessageSize, destination).Length;
    }

    /// <summary>The question itself, which the kernel also gives to our own socket; or an answer to it.</summary>
    public bool Concerns(DhcpPacket packet) =>
        packet.TransactionId == _transaction && packet.RelayAddress == ownAddress && packet.Mac == mac;
}
