using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace NetDeploy.Server.Linux;

/// <summary>
/// A datagram that was received: <paramref name="Length"/> bytes, from whom, and to which of our addresses (with our port).
/// <paramref name="ToGroup"/>: it was sent to a broadcast or multicast address, and <paramref name="To"/> is ours to answer from.
/// </summary>
internal readonly record struct UdpArrival(int Length, UdpAddress From, UdpAddress To, bool ToGroup, bool Truncated);

/// <summary>
/// A non-blocking UDP socket with what the managed one lacks: the address a datagram was sent to, a chosen source address,
/// and segmentation by the kernel (UDP_SEGMENT). SO_REUSEADDR is never set: two servers on one port would share its clients.
/// </summary>
internal sealed unsafe class UdpSocket : IDisposable
{
    private const int ControlLength = 128;

    private UdpSocket(int fd, UdpAddress local)
    {
        Fd = fd;
        Local = local;
    }

    public int Fd { get; private set; }

    /// <summary>The address and port the socket is bound to.</summary>
    public UdpAddress Local { get; }

    /// <summary>Datagrams that the kernel dropped because the receive buffer was full, since the socket was made.</summary>
    public uint KernelDrops { get; private set; }

    /// <summary>Null, with the errno, where the kernel refuses.</summary>
    public static UdpSocket? TryBind(UdpAddress local, string? device, out int error)
    {
        var fd = Open(local, device, out error);
        if (fd < 0)
        {
            return null;
        }

        Span<byte> name = stackalloc byte[UdpAddress.MaxLength];
        var length = (uint)UdpAddress.MaxLength;
        fixed (byte* pointer = name)
        {
            if (LibC.GetSockName(fd, pointer, &length) < 0)
            {
                error = Marshal.GetLastPInvokeError();
                _ = LibC.Close(fd);
                return null;
            }
        }

        return new UdpSocket(fd, new UdpAddress(name[..(int)length]));
    }

    /// <summary>The largest packet that the route to a peer takes; null where there is no route.</summary>
    public static int? PathMtu(UdpAddress local, UdpAddress peer, string? device)
    {
        var fd = Open(local.WithPort(0), device, out _);
        if (fd < 0)
        {
            return null;
        }

        try
        {
            int mtu;
            var length = (uint)sizeof(int);
            fixed (byte* address = peer.Bytes)
            {
                return LibC.Connect(fd, address, peer.Length) == 0
                    && LibC.GetSockOpt(fd, peer.IsV6 ? LibC.SolIpv6 : LibC.SolIp, peer.IsV6 ? LibC.Ipv6Mtu : LibC.IpMtu, &mtu, &length) == 0
                    ? mtu
                    : null;
            }
        }
        finally
        {
            _ = LibC.Close(fd);
        }
    }

    /// <summary>From here on <see cref="TryReceive"/> knows the address that each datagram was sent to, and counts drops.</summary>
    public void ReportDestination()
    {
        if (Local.IsV6)
        {
            Set(LibC.SolIpv6, LibC.Ipv6RecvPktInfo, 1);
        }
        else
        {
            Set(LibC.SolIp, LibC.IpPktInfo, 1);
        }

        Set(LibC.SolSocket, LibC.SoRxqOvfl, 1);
    }

    /// <summary>Asks for buffers beyond the system's limit, and takes what an unprivileged process gets.</summary>
    public void SetBuffers(int receive, int send)
    {
        if (!Set(LibC.SolSocket, LibC.SoRcvBufForce, receive))
        {
            Set(LibC.SolSocket, LibC.SoRcvBuf, receive);
        }

        if (!Set(LibC.SolSocket, LibC.SoSndBufForce, send))
        {
            Set(LibC.SolSocket, LibC.SoSndBuf, send);
        }
    }

    /// <summary>False where nothing (more) is to be read.</summary>
    public bool TryReceive(Span<byte> buffer, out UdpArrival arrival)
    {
        Span<byte> name = stackalloc byte[UdpAddress.MaxLength];
        Span<byte> control = stackalloc byte[ControlLength];
        name.Clear();
        fixed (byte* namePointer = name, bufferPointer = buffer, controlPointer = control)
        {
            var vector = new LibC.IoVec { Base = bufferPointer, Length = (nuint)buffer.Length };
            var message = new LibC.MsgHdr
            {
                Name = namePointer,
                NameLength = UdpAddress.MaxLength,
                Vectors = &vector,
                VectorCount = 1,
                Control = controlPointer,
                ControlLength = ControlLength,
            };
            var received = LibC.RecvMsg(Fd, &message, 0);
            if (received < 0)
            {
                arrival = default;
                return false;
            }

            var from = new UdpAddress(name[..(int)message.NameLength]);
            var to = Destination(control[..(int)message.ControlLength], out var toGroup);
            arrival = new UdpArrival((int)received, from, to, toGroup, (message.Flags & LibC.MsgTrunc) != 0);
            return true;
        }
    }

    /// <summary>
    /// Sends to a peer, as datagrams of <paramref name="segment"/> bytes each where that is not 0.
    /// <paramref name="source"/> is needed on a socket that is bound to no single address.
    /// </summary>
    /// <returns>0 or the errno.</returns>
    public int Send(ReadOnlySpan<byte> bytes, in UdpAddress peer, in UdpAddress? source = null, int segment = 0)
    {
        Span<byte> control = stackalloc byte[ControlLength];
        control.Clear();
        var controlLength = 0;
        if (source is { } from)
        {
            controlLength += from.IsV6 ? WriteSourceV6(control, from) : WriteSourceV4(control, from);
        }

        if (segment > 0)
        {
            MemoryMarshal.Write(Header(control[controlLength..], LibC.SolUdp, LibC.UdpSegment, sizeof(ushort)), (ushort)segment);
            controlLength += Space(sizeof(ushort));
        }

        fixed (byte* name = peer.Bytes, data = bytes, controlPointer = control)
        {
            var vector = new LibC.IoVec { Base = data, Length = (nuint)bytes.Length };
            var message = new LibC.MsgHdr
            {
                Name = name,
                NameLength = peer.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = controlLength == 0 ? null : controlPointer,
                ControlLength = (nuint)controlLength,
            };
            return LibC.SendMsg(Fd, &message, 0) < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
    }

    public void Dispose()
    {
        if (Fd >= 0)
        {
            _ = LibC.Close(Fd);
            Fd = -1;
        }
    }

    private static int Open(UdpAddress local, string? device, out int error)
    {
        var fd = LibC.Socket(local.Family, LibC.SockDgram | LibC.SockNonBlock | LibC.SockCloseOnExec, 0);
        if (fd >= 0 && Configure(fd, local, device))
        {
            error = 0;
            return fd;
        }

        error = Marshal.GetLastPInvokeError();
        if (fd >= 0)
        {
            _ = LibC.Close(fd);
        }

        return -1;
    }

    private static bool Configure(int fd, UdpAddress local, string? device)
    {
        var one = 1;
        if (local.IsV6 && LibC.SetSockOpt(fd, LibC.SolIpv6, LibC.Ipv6V6Only, &one, sizeof(int)) < 0)
        {
            return false;
        }

        if (device is not null)
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(device + '\0'))
            {
                if (LibC.SetSockOpt(fd, LibC.SolSocket, LibC.SoBindToDevice, name, (uint)device.Length) < 0)
                {
                    return false;
                }
            }
        }

        fixed (byte* address = local.Bytes)
        {
            return LibC.Bind(fd, address, local.Length) == 0;
        }
    }

    private bool Set(int level, int option, int value) => LibC.SetSockOpt(Fd, level, option, &value, sizeof(int)) == 0;

    private UdpAddress Destination(ReadOnlySpan<byte> control, out bool toGroup)
    {
        toGroup = false;
        var to = Local;
        while (control.Length >= HeaderLength)
        {
            var length = (int)MemoryMarshal.Read<nuint>(control);
            var level = MemoryMarshal.Read<int>(control[8..]);
            var type = MemoryMarshal.Read<int>(control[12..]);
            if (length < HeaderLength || length > control.Length)
            {
                break;
            }

            var body = control[HeaderLength..length];
            switch (level, type)
            {
                // in_pktinfo: interface, our address for an answer, address in the header (which may be a broadcast).
                case (LibC.SolIp, LibC.IpPktInfo):
                    to = new UdpAddress(new IPAddress(body[4..8]), Local.Port);
                    toGroup = !body[4..8].SequenceEqual(body[8..12]);
                    break;
                case (LibC.SolIpv6, LibC.Ipv6PktInfo):
                    var address = new IPAddress(body[..16]);
                    toGroup = address.IsIPv6Multicast;
                    if (address.IsIPv6LinkLocal)
                    {
                        address.ScopeId = MemoryMarshal.Read<uint>(body[16..]);
                    }

                    to = new UdpAddress(address, Local.Port);
                    break;
                case (LibC.SolSocket, LibC.SoRxqOvfl):
                    KernelDrops = MemoryMarshal.Read<uint>(body);
                    break;
            }

            control = control[Math.Min(control.Length, Aligned(length))..];
        }

        return to;
    }

    private static int WriteSourceV4(Span<byte> control, UdpAddress source)
    {
        source.AddressBytes.CopyTo(Header(control, LibC.SolIp, LibC.IpPktInfo, 12)[4..]);
        return Space(12);
    }

    private static int WriteSourceV6(Span<byte> control, UdpAddress source)
    {
        var body = Header(control, LibC.SolIpv6, LibC.Ipv6PktInfo, 20);
        source.AddressBytes.CopyTo(body);
        MemoryMarshal.Write(body[16..], source.Scope);
        return Space(20);
    }

    // struct cmsghdr on a 64-bit kernel: length (8 bytes), level, type, then the body, aligned to 8.
    private const int HeaderLength = 16;

    private static int Aligned(int length) => (length + 7) & ~7;

    private static int Space(int body) => HeaderLength + Aligned(body);

    private static Span<byte> Header(Span<byte> control, int level, int type, int body)
    {
        MemoryMarshal.Write(control, (nuint)(HeaderLength + body));
        MemoryMarshal.Write(control[8..], level);
        MemoryMarshal.Write(control[12..], type);
        return control.Slice(HeaderLength, body);
    }
}
