using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Dhcp;

/// <summary>What came with a packet.</summary>
/// <param name="Source">Who sent it, as its header has it.</param>
/// <param name="Destination">The address it was sent to, as its header has it.</param>
/// <param name="Dropped">Packets the kernel has dropped on this socket so far.</param>
internal readonly record struct ReceivedPacket(int Length, Ipv4Address Source, int SourcePort, Ipv4Address Destination, uint Dropped);

/// <summary>Port 67 or 4011 on one interface. One thread receives; any thread sends.</summary>
internal sealed unsafe class DhcpSocket : IReplyChannel, IDisposable
{
    private const ushort IpProtocol = 0x0800;

    private readonly DhcpInterface _interface;
    private readonly Ipv4Address _ownAddress;
    private readonly int _index;
    private readonly int _port;
    private readonly DhcpMetrics _metrics;
    private readonly ILogger _logger;

    /// <summary>Senders hold it for reading a descriptor that <see cref="Dispose"/> closes: a number closed may be another file's at once.</summary>
    private readonly ReaderWriterLockSlim _lifetime = new();
    private int _socket = -1;
    private int _link = -1;
    private bool _disposed;

    private DhcpSocket(DhcpInterface @interface, int index, int port, DhcpMetrics metrics, ILogger logger)
    {
        _interface = @interface;
        _ownAddress = Ipv4Address.From(@interface.Address);
        _index = index;
        _port = port;
        _metrics = metrics;
        _logger = logger;
    }

    public int Descriptor => _socket;

    /// <summary>Binds the port on the interface.</summary>
    /// <exception cref="ServerFault">The interface is missing, or the port taken or forbidden.</exception>
    public static DhcpSocket Open(DhcpInterface @interface, int port, int receiveBuffer, DhcpMetrics metrics, ILogger logger)
    {
        var index = (int)LibC.InterfaceIndex(@interface.Name);
        if (index == 0)
        {
            throw new ServerFault($"There is no interface {@interface.Name}.", "Name one that `ip -br link` shows.");
        }

        var socket = new DhcpSocket(@interface, index, port, metrics, logger);
        try
        {
            socket.BindServerPort(receiveBuffer);
            if (port == DhcpConstants.ServerPort)
            {
                socket.OpenLink();
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Reads one packet without waiting; null where none is there.</summary>
    /// <exception cref="DhcpSocketException">The interface is gone or down.</exception>
    public ReceivedPacket? Receive(Span<byte> buffer)
    {
        const int controlLength = 64;
        var control = stackalloc byte[controlLength];
        fixed (byte* bytes = buffer)
        {
            var segment = new LibC.IoVec { Base = bytes, Length = (nuint)buffer.Length };
            var source = default(LibC.SockAddrIn);
            var message = new LibC.MsgHdr
            {
                Name = &source,
                NameLength = (uint)sizeof(LibC.SockAddrIn),
                Vectors = &segment,
                VectorCount = 1,
                Control = control,
                ControlLength = controlLength,
            };
            var length = LibC.RecvMsg(_socket, &message, 0);
            if (length < 0)
            {
                return Marshal.GetLastPInvokeError() is LibC.Eagain or LibC.Eintr
                    ? null
                    : throw new DhcpSocketException(Marshal.GetLastPInvokeErrorMessage());
            }

            return Describe((int)length, source, new ReadOnlySpan<byte>(control, (int)message.ControlLength));
        }
    }

    public void Send(ReadOnlySpan<byte> reply, ReplyRoute route)
    {
        _lifetime.EnterReadLock();
        try
        {
            var error = _disposed ? "the socket is closed" : route switch
            {
                ReplyRoute.Unicast to => SendDatagram(reply, to.Address, to.Port),
                ReplyRoute.Link to => SendToLink(reply, to),
                _ => SendDatagram(reply, Ipv4Address.Broadcast, DhcpConstants.ClientPort),
            };
            if (error is not null)
            {
                _metrics.SendError(_interface.Name);
                DhcpLog.SendFailed(_logger, _interface.Name, route.ToString(), error);
            }
        }
        finally
        {
            _lifetime.ExitReadLock();
        }
    }

    public void Dispose()
    {
        _lifetime.EnterWriteLock();
        try
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            Close(ref _socket);
            Close(ref _link);
        }
        finally
        {
            _lifetime.ExitWriteLock();
        }
    }

    private void BindServerPort(int receiveBuffer)
    {
        _socket = LibC.Socket(LibC.AfInet, LibC.SockDgram | LibC.SockCloseOnExec | LibC.SockNonBlock, 0);
        var name = Encoding.UTF8.GetBytes(_interface.Name + "\0");
        fixed (byte* device = name)
        {
            Check(_socket >= 0 ? 0 : -1, "socket");
            Check(LibC.SetSockOpt(_socket, LibC.SolSocket, LibC.SoBindToDevice, device, (uint)name.Length), "SO_BINDTODEVICE");
        }

        Check(Set(LibC.SolSocket, LibC.SoBroadcast, 1), "SO_BROADCAST");
        Check(Set(LibC.SolIp, LibC.IpPktInfo, 1), "IP_PKTINFO");
        Check(Set(LibC.SolSocket, LibC.SoRxqOvfl, 1), "SO_RXQ_OVFL");

        // The forced form ignores net.core.rmem_max and needs CAP_NET_ADMIN; the plain one takes what is allowed.
        if (Set(LibC.SolSocket, LibC.SoRcvBufForce, receiveBuffer) != 0)
        {
            Check(Set(LibC.SolSocket, LibC.SoRcvBuf, receiveBuffer), "SO_RCVBUF");
        }

        // No SO_REUSEADDR nor SO_REUSEPORT: a second server on the port has to be an error, not half of the packets.
        var address = Address(Ipv4Address.Any, _port);
        Check(LibC.Bind(_socket, (byte*)&address, (uint)sizeof(LibC.SockAddrIn)), "bind");
    }

    private void OpenLink()
    {
        _link = LibC.Socket(LibC.AfPacket, LibC.SockDgram | LibC.SockCloseOnExec | LibC.SockNonBlock, 0);
        if (_link < 0)
        {
            DhcpLog.NoLinkSocket(_logger, _interface.Name, Marshal.GetLastPInvokeErrorMessage());
        }
    }

    private int Set(int level, int name, int value) => LibC.SetSockOpt(_socket, level, name, &value, sizeof(int));

    private void Check(int result, string call)
    {
        if (result == 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        throw error switch
        {
            LibC.Eaddrinuse => new ServerFault(
                _port == DhcpConstants.ServerPort
                    ? $"UDP port 67 on {_interface.Name} is taken: another DHCP server runs on this host (dnsmasq, kea, isc-dhcp-server, libvirt's)."
                    : $"UDP port {_port} on {_interface.Name}, which a network in mode proxy needs, is taken: another PXE server runs on this host (dnsmasq, pixiecore, FOG).",
                $"`ss -ulnp 'sport = :{_port}'` names it; stop it, or take this interface out of its configuration."),
            LibC.Eacces or LibC.Eperm => new ServerFault(
                $"This user may not open UDP port {_port} on {_interface.Name} ({call}).",
                "Start as root, or give the process CAP_NET_BIND_SERVICE, CAP_NET_RAW and CAP_NET_ADMIN (systemd: AmbientCapabilities=)."),
            LibC.Enodev => new ServerFault($"There is no interface {_interface.Name}.", "Name one that `ip -br link` shows."),
            _ => new ServerFault(
                $"UDP port {_port} on {_interface.Name} cannot be opened: {call}: {Marshal.GetPInvokeErrorMessage(error)}.",
                $"`ip -br link show {_interface.Name}` says whether the interface is up."),
        };
    }

    private static ReceivedPacket Describe(int length, LibC.SockAddrIn source, ReadOnlySpan<byte> control)
    {
        var destination = Ipv4Address.Any;
        var dropped = 0u;
        var headerLength = sizeof(LibC.CmsgHdr);
        while (control.Length >= headerLength)
        {
            var header = MemoryMarshal.Read<LibC.CmsgHdr>(control);
            if (header.Length < (nuint)headerLength || header.Length > (nuint)control.Length)
            {
                break;
            }

            var data = control[headerLength..(int)header.Length];
            if (header is { Level: LibC.SolIp, Type: LibC.IpPktInfo })
            {
                destination = new Ipv4Address(NetworkOrder(MemoryMarshal.Read<LibC.InPktInfo>(data).Destination));
            }
            else if (header is { Level: LibC.SolSocket, Type: LibC.SoRxqOvfl })
            {
                dropped = MemoryMarshal.Read<uint>(data);
            }

            control = control[Math.Min(control.Length, ((int)header.Length + 7) & ~7)..];
        }

        return new ReceivedPacket(length, new Ipv4Address(NetworkOrder(source.Address)), NetworkOrder(source.Port), destination, dropped);
    }

    /// <summary>The interface's index goes with it: a broadcast would otherwise leave by the default route.</summary>
    private string? SendDatagram(ReadOnlySpan<byte> reply, Ipv4Address destination, int port)
    {
        var controlLength = (sizeof(LibC.CmsgHdr) + sizeof(LibC.InPktInfo) + 7) & ~7;
        var control = stackalloc byte[controlLength];
        new Span<byte>(control, controlLength).Clear();
        *(LibC.CmsgHdr*)control = new LibC.CmsgHdr
        {
            Length = (nuint)(sizeof(LibC.CmsgHdr) + sizeof(LibC.InPktInfo)),
            Level = LibC.SolIp,
            Type = LibC.IpPktInfo,
        };
        *(LibC.InPktInfo*)(control + sizeof(LibC.CmsgHdr)) = new LibC.InPktInfo
        {
            Interface = _index,
            Local = NetworkOrder(_ownAddress.Value),
        };

        var address = Address(destination, port);
        fixed (byte* bytes = reply)
        {
            var segment = new LibC.IoVec { Base = bytes, Length = (nuint)reply.Length };
            var message = new LibC.MsgHdr
            {
                Name = &address,
                NameLength = (uint)sizeof(LibC.SockAddrIn),
                Vectors = &segment,
                VectorCount = 1,
                Control = control,
                ControlLength = (nuint)controlLength,
            };
            return LibC.SendMsg(_socket, &message, 0) < 0 ? Marshal.GetLastPInvokeErrorMessage() : null;
        }
    }

    /// <summary>By a raw frame; else by an ARP entry, which makes the stack send one; else by broadcast, which every client hears.</summary>
    private string? SendToLink(ReadOnlySpan<byte> reply, ReplyRoute.Link to) =>
        _link >= 0 && SendFrame(reply, to) ? null
        : SetArpEntry(to) ? SendDatagram(reply, to.Address, DhcpConstants.ClientPort)
        : SendDatagram(reply, Ipv4Address.Broadcast, DhcpConstants.ClientPort);

    private bool SendFrame(ReadOnlySpan<byte> reply, ReplyRoute.Link to)
    {
        Span<byte> datagram = stackalloc byte[LinkFrame.HeaderLength + reply.Length];
        reply.CopyTo(datagram[LinkFrame.HeaderLength..]);
        LinkFrame.WriteHeaders(datagram, _ownAddress, to.Address);
        var address = new LibC.SockAddrLink
        {
            Family = LibC.AfPacket,
            Protocol = BinaryPrimitives.ReverseEndianness(IpProtocol),
            Interface = _index,
            Length = 6,
        };
        to.Mac.CopyTo(new Span<byte>(address.Address, 6));
        fixed (byte* bytes = datagram)
        {
            return LibC.SendTo(_link, bytes, (nuint)datagram.Length, 0, &address, (uint)sizeof(LibC.SockAddrLink)) == datagram.Length;
        }
    }

    private bool SetArpEntry(ReplyRoute.Link to)
    {
        var request = new LibC.ArpRequest
        {
            Protocol = Address(to.Address, 0),
            HardwareFamily = DhcpConstants.EthernetHardware,
            Flags = LibC.ArpComplete,
        };
        to.Mac.CopyTo(new Span<byte>(request.Hardware, 6));
        Encoding.UTF8.GetBytes(_interface.Name, new Span<byte>(request.Device, 15));
        return LibC.IoControl(_socket, LibC.SetArp, &request) == 0;
    }

    private static LibC.SockAddrIn Address(Ipv4Address address, int port) => new()
    {
        Family = LibC.AfInet,
        Port = NetworkOrder((ushort)port),
        Address = NetworkOrder(address.Value),
    };

    private static ushort NetworkOrder(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    private static uint NetworkOrder(uint value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    private static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
        {
            _ = LibC.Close(descriptor);
            descriptor = -1;
        }
    }
}
