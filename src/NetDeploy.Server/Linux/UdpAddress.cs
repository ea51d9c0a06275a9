using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetDeploy.Server.Linux;

/// <summary>A sockaddr_in or sockaddr_in6 as the kernel gives it: address, port and scope, compared by bytes, without garbage.</summary>
internal struct UdpAddress : IEquatable<UdpAddress>
{
    /// <summary>Of sockaddr_in6, the longer of the two.</summary>
    public const int MaxLength = 28;

    private const int LengthV4 = 16;

    private Storage _bytes;

    public UdpAddress(ReadOnlySpan<byte> sockaddr)
    {
        sockaddr[..Math.Min(sockaddr.Length, MaxLength)].CopyTo(_bytes);
        if (IsV6)
        {
            // The flow label is not part of who it is.
            ((Span<byte>)_bytes)[4..8].Clear();
        }
    }

    public UdpAddress(IPAddress address, int port)
    {
        Span<byte> bytes = _bytes;
        var v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        MemoryMarshal.Write(bytes, (ushort)(v6 ? LibC.AfInet6 : LibC.AfInet));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)port);
        address.TryWriteBytes(bytes[(v6 ? 8 : 4)..], out _);
        if (v6)
        {
            MemoryMarshal.Write(bytes[24..], (uint)address.ScopeId);
        }
    }

    public readonly int Family => MemoryMarshal.Read<ushort>(_bytes);

    public readonly bool IsV6 => Family == LibC.AfInet6;

    public readonly uint Length => IsV6 ? MaxLength : (uint)LengthV4;

    public readonly int Port => BinaryPrimitives.ReadUInt16BigEndian(((ReadOnlySpan<byte>)_bytes)[2..]);

    /// <summary>The 4 or 16 bytes of the address.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> AddressBytes => IsV6 ? ((ReadOnlySpan<byte>)_bytes)[8..24] : ((ReadOnlySpan<byte>)_bytes)[4..8];

    /// <summary>The interface of a link-local address, else 0.</summary>
    public readonly uint Scope => IsV6 ? MemoryMarshal.Read<uint>(((ReadOnlySpan<byte>)_bytes)[24..]) : 0;

    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Bytes => _bytes;

    public readonly IPAddress Address => IsV6 ? new IPAddress(AddressBytes, Scope) : new IPAddress(AddressBytes);

    public readonly IPEndPoint ToEndPoint() => new(Address, Port);

    public readonly UdpAddress WithPort(int port)
    {
        var copy = this;
        BinaryPrimitives.WriteUInt16BigEndian(((Span<byte>)copy._bytes)[2..], (ushort)port);
        return copy;
    }

    public readonly bool Equals(UdpAddress other) => Bytes.SequenceEqual(other.Bytes);

    public override readonly bool Equals(object? obj) => obj is UdpAddress other && Equals(other);

    public override readonly int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    public override readonly string ToString() => ToEndPoint().ToString();

    [InlineArray(MaxLength)]
    private struct Storage
    {
        private byte _first;
    }
}
