using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>A program's end of a tap: each read is a frame, each write is one.</summary>
internal static partial class Tap
{
    private const nuint SetInterface = 0x400454ca; // TUNSETIFF
    private const nuint SetOffload = 0x400454d0; // TUNSETOFFLOAD
    private const short TapWithoutHeader = 0x1002; // IFF_TAP | IFF_NO_PI
    private const int NameLength = 16;
    private const short PollIn = 1;

    /// <param name="tap">Is there, in the network's namespace.</param>
    public static FileStream Open(LabNetwork network, string tap)
    {
        SafeFileHandle? opened = null;
        Namespaces.RunInside(network.Handle, () =>
        {
            opened = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            // struct ifreq: the name, then the flags.
            var request = new byte[40];
            Encoding.ASCII.GetBytes(tap, request.AsSpan(0, NameLength - 1));
            MemoryMarshal.Write(request.AsSpan(NameLength), TapWithoutHeader);
            // A tap remembers that an earlier QEMU took frames without checksums; nobody here does.
            if (Control(opened, SetInterface, request) != 0 || Control(opened, SetOffload, 0) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                opened.Dispose();
                throw new Win32Exception(error, $"tap {tap}: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        });
        return new FileStream(opened!, FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>Whether a frame waits at one of two taps; false after the time.</summary>
    public static (bool First, bool Second) Wait(FileStream first, FileStream second, TimeSpan time)
    {
        Span<PollEntry> entries =
        [
            new() { File = (int)first.SafeFileHandle.DangerousGetHandle(), Events = PollIn },
            new() { File = (int)second.SafeFileHandle.DangerousGetHandle(), Events = PollIn },
        ];
        return Poll(ref MemoryMarshal.GetReference(entries), 2, (int)time.TotalMilliseconds) > 0 ? (entries[0].Happened != 0, entries[1].Happened != 0) : (false, false);
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, byte[] argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, nuint argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int File;
        public short Events;
        public short Happened;
    }
}
