using System.Runtime.InteropServices;

namespace NetDeploy.Server.Dhcp;

/// <summary>
/// The socket calls that the managed sockets lack or get wrong: they set SO_REUSEPORT with SO_REUSEADDR, know no
/// SO_RCVBUFFORCE, and allocate for IP_PKTINFO. Layouts are those of 64-bit Linux.
/// </summary>
internal static unsafe partial class Libc
{
    public const int AddressFamilyInet = 2;
    public const int AddressFamilyPacket = 17;
    public const int Datagram = 2;
    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;

    public const int SocketLevel = 1;
    public const int Broadcast = 6;
    public const int ReceiveBuffer = 8;
    public const int BindToDevice = 25;
    public const int ReceiveBufferForce = 33;
    public const int ReceiveQueueOverflow = 40;

    public const int IpLevel = 0;
    public const int PacketInfo = 8;

    public const int SetArp = 0x8955;
    public const int ArpComplete = 0x02;

    public const short PollIn = 1;

    public const int NotPermitted = 1;
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int AccessDenied = 13;
    public const int NoDevice = 19;
    public const int AddressInUse = 98;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, SocketAddress* address, uint length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int name, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint Receive(int socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    public static partial nint Send(int socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    public static partial nint SendTo(int socket, byte* bytes, nuint length, int flags, LinkAddress* address, uint addressLength);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int socket, nuint request, ArpRequest* argument);

    [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint InterfaceIndex(string name);

    public static int SetOption(int socket, int level, int name, int value) => SetOption(socket, level, name, &value, sizeof(int));

    /// <summary>sockaddr_in; port and address in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SocketAddress
    {
        public ushort Family;
        public ushort Port;
        public uint Address;
        public ulong Zero;
    }

    /// <summary>sockaddr_ll; the protocol in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LinkAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int Interface;
        public ushort HardwareType;
        public byte PacketType;
        public byte Length;
        public fixed byte Address[8];
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Segment
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public SocketAddress* Name;
        public uint NameLength;
        public Segment* Segments;
        public nuint SegmentCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr; its data follow at once, the next header at a multiple of 8.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }

    /// <summary>struct in_pktinfo; addresses in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PacketInformation
    {
        public int Interface;
        public uint Local;
        public uint Destination;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>struct arpreq.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ArpRequest
    {
        public SocketAddress Protocol;
        public ushort HardwareFamily;
        public fixed byte Hardware[14];
        public int Flags;
        public SocketAddress Mask;
        public fixed byte Device[16];
    }
}
