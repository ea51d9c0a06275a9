using System.Diagnostics.CodeAnalysis;
using System.Text;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Leases;

/// <summary>A lease as a journal record: each is complete, and the last one of an address counts.</summary>
internal static class LeaseRecord
{
    private const byte Version = 1;

    public static byte[] Write(Lease lease)
    {
        using var stream = new MemoryStream(128);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        Span<byte> mac = stackalloc byte[6];
        lease.Mac.CopyTo(mac);
        writer.Write(Version);
        writer.Write((byte)lease.State);
        writer.Write(lease.Address.Value);
        writer.Write(mac);
        writer.Write(lease.ExpiresAt);
        writer.Write(lease.GoesByMac);
        writer.Write(lease.Network);
        writer.Write(lease.Client.Identity);
        writer.Write(lease.HostName ?? "");
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>False: a record of a newer version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> record, [NotNullWhen(true)] out Lease? lease)
    {
        lease = null;
        if (record is not [Version, ..])
        {
            return false;
        }

        using var reader = new BinaryReader(new MemoryStream(record[1..].ToArray(), writable: false), Encoding.UTF8);
        lease = new Lease
        {
            State = (LeaseState)reader.ReadByte(),
            Address = new Ipv4Address(reader.ReadUInt32()),
            Mac = new MacAddress(reader.ReadBytes(6)),
            ExpiresAt = reader.ReadInt64(),
            GoesByMac = reader.ReadBoolean(),
            Network = reader.ReadString(),
            Client = new LeaseKey(reader.ReadString()),
            HostName = reader.ReadString() is { Length: > 0 } name ? name : null,
        };
        return true;
    }
}
