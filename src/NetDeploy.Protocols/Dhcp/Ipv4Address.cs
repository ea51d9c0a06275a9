using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>An IPv4 address as one host-order number: ordered, hashable and free of allocation, which <see cref="IPAddress"/> is not.</summary>
public readonly record struct Ipv4Address(uint Value) : IComparable<Ipv4Address>
{
    /// <summary>0.0.0.0: "no address" in every header field of DHCP.</summary>
    public static Ipv4Address Any => default;

    /// <summary>255.255.255.255: every host on the link.</summary>
    public static Ipv4Address Broadcast => new(uint.MaxValue);

    public bool IsAny => Value == 0;

    /// <summary>One host can have it: neither 0.0.0.0/8, loopback, a group, nor a broadcast (RFC 1122 section 3.2.1.3).</summary>
    public bool IsUnicast => Value >> 24 is > 0 and not 127 and < 224;

    /// <summary>Four bytes in wire order.</summary>
    public static Ipv4Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <exception cref="ArgumentException">Not an IPv4 address.</exception>
    public static Ipv4Address From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        return address.AddressFamily == AddressFamily.InterNetwork && address.TryWriteBytes(bytes, out _)
            ? Read(bytes)
            : throw new ArgumentException($"{address} is not an IPv4 address.", nameof(address));
    }

    /// <exception cref="FormatException">Not dotted decimal.</exception>
    public static Ipv4Address Parse(string text) => From(IPAddress.Parse(text));

    /// <summary>Writes four bytes in wire order.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt32BigEndian(destination, Value);

    public byte[] ToBytes()
    {
        var bytes = new byte[4];
        Write(bytes);
        return bytes;
    }

    public IPAddress ToIPAddress() => new(ToBytes());

    public int CompareTo(Ipv4Address other) => Value.CompareTo(other.Value);

    /// <summary>Dotted decimal.</summary>
    public override string ToString() => $"{Value >> 24}.{Value >> 16 & 255}.{Value >> 8 & 255}.{Value & 255}";

    public static bool operator <(Ipv4Address left, Ipv4Address right) => left.Value < right.Value;

    public static bool operator >(Ipv4Address left, Ipv4Address right) => left.Value > right.Value;

    public static bool operator <=(Ipv4Address left, Ipv4Address right) => left.Value <= right.Value;

    public static bool operator >=(Ipv4Address left, Ipv4Address right) => left.Value >= right.Value;
}
