using System.Runtime.InteropServices;

namespace NetDeploy.Server.Linux;

/// <content>Layouts are those of 64-bit Linux.</content>
internal static unsafe partial class LibC
{
    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVec
    {
        public void* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MsgHdr
    {
        public void* Name;
        public uint NameLength;
        public IoVec* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr; its data follow at once, the next header at a multiple of 8.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CmsgHdr
    {
        public nuint Length;
        public int Level;
        public int Type;
    }

    /// <summary>struct in_pktinfo; addresses in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct InPktInfo
    {
        public int Interface;
        public uint Local;
        public uint Destination;
    }

    /// <summary>sockaddr_in; port and address in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SockAddrIn
    {
        public ushort Family;
        public ushort Port;
        public uint Address;
        public ulong Zero;
    }

    /// <summary>sockaddr_ll; the protocol in network order.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SockAddrLink
    {
        public ushort Family;
        public ushort Protocol;
        public int Interface;
        public ushort HardwareType;
        public byte PacketType;
        public byte Length;
        public fixed byte Address[8];
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    /// <summary>struct arpreq. Packed: the kernel's sockaddr has no alignment beyond 2, ours would put a gap before the mask.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct ArpRequest
    {
        public SockAddrIn Protocol;
        public ushort HardwareFamily;
        public fixed byte Hardware[14];
        public int Flags;
        public SockAddrIn Mask;
        public fixed byte Device[16];
    }
}
