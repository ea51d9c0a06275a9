using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Linux;

/// <summary>
/// The kernel's ARP table, of the network namespace this was made in. Who asks us for something has an entry: it resolved our address
/// first, and the kernel notes who does. Thread-safe.
/// </summary>
internal sealed unsafe class Neighbours : INeighbours, IDisposable
{
    private const ushort Ethernet = 1;
    private const int InterfaceNameLength = 15;

    private readonly int _socket;

    /// <exception cref="ServerFault">No more files can be opened.</exception>
    public Neighbours()
    {
        _socket = LibC.Socket(LibC.AfInet, LibC.SockDgram | LibC.SockNonBlock | LibC.SockCloseOnExec, 0);
        if (_socket < 0)
        {
            throw new ServerFault($"No socket: {Marshal.GetLastPInvokeErrorMessage()}.", "Let the process open more files (systemd: LimitNOFILE=).");
        }
    }

    public MacAddress? Of(IPAddress address, string interfaceName)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            return null;
        }

        var request = new LibC.ArpRequest
        {
            Protocol = new LibC.SockAddrIn { Family = LibC.AfInet, Address = MemoryMarshal.Read<uint>(address.GetAddressBytes()) },
        };
        Encoding.UTF8.GetBytes(interfaceName.AsSpan(0, Math.Min(interfaceName.Length, InterfaceNameLength)), new Span<byte>(request.Device, InterfaceNameLength));

        // An entry that ARP has not filled in yet has no flag.
        return LibC.IoControl(_socket, LibC.GetArp, &request) == 0 && (request.Flags & LibC.ArpComplete) != 0 && request.HardwareFamily == Ethernet
            ? new MacAddress(new ReadOnlySpan<byte>(request.Hardware, 6))
            : null;
    }

    public void Ask(IPAddress address)
    {
        // RFC 863: the port where everything is thrown away. It is the ARP request before this datagram that counts.
        const ushort discard = 9;
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            return;
        }

        var to = new LibC.SockAddrIn
        {
            Family = LibC.AfInet,
            Port = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(discard) : discard,
            Address = MemoryMarshal.Read<uint>(address.GetAddressBytes()),
        };
        var message = new LibC.MsgHdr { Name = &to, NameLength = (uint)sizeof(LibC.SockAddrIn) };

        // A datagram to an address that nobody has waits for ARP in the socket's buffer, and a full one would hold the caller: this one is lost instead.
        _ = LibC.SendMsg(_socket, &message, LibC.MsgDontWait);
    }

    public void Dispose() => _ = LibC.Close(_socket);
}
