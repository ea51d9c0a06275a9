using System.Runtime.InteropServices;

namespace NetDeploy.Server.Linux;

/// <summary>epoll and an eventfd: waits for sockets, for a time, or for <see cref="Wake"/> from another thread.</summary>
internal sealed unsafe class Poller : IDisposable
{
    private const int Capacity = 128;

    /// <summary>struct epoll_event is packed on x86-64 alone.</summary>
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static readonly int DataOffset = EventSize - sizeof(long);

    /// <summary>A late <see cref="Wake"/> must not write to a number that the kernel gave to another file.</summary>
    private readonly Lock _gate = new();
    private readonly int _epoll;
    private readonly int _wake;
    private readonly byte[] _events = GC.AllocateArray<byte>(Capacity * EventSize, pinned: true);
    private bool _disposed;

    public Poller()
    {
        _epoll = LibC.EpollCreate(LibC.SockCloseOnExec);
        _wake = LibC.EventFd(0, LibC.SockNonBlock | LibC.SockCloseOnExec);
        if (_epoll < 0 || _wake < 0)
        {
            throw new IOException($"No epoll instance: {LibC.Describe(Marshal.GetLastPInvokeError())}.");
        }

        Add(_wake);
    }

    public void Add(int fd) => Control(LibC.EpollCtlAdd, fd);

    public void Remove(int fd) => Control(LibC.EpollCtlDel, fd);

    /// <summary>Ends the current or the next <see cref="Wait"/> at once. From any thread.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                var one = 1L;
                _ = LibC.Write(_wake, &one, sizeof(long));
            }
        }
    }

    /// <summary>Fills <paramref name="ready"/> with sockets that have something to read; the kernel goes round all of them in turn.</summary>
    public void Wait(TimeSpan timeout, List<int> ready)
    {
        ready.Clear();
        var milliseconds = (int)Math.Clamp(Math.Ceiling(timeout.TotalMilliseconds), 0, 60_000);
        fixed (byte* events = _events)
        {
            var count = LibC.EpollWait(_epoll, events, Capacity, milliseconds);
            if (count < 0 && Marshal.GetLastPInvokeError() is var error and not LibC.Eintr)
            {
                throw new IOException($"epoll_wait failed: {LibC.Describe(error)}.");
            }

            for (var i = 0; i < count; i++)
            {
                var fd = MemoryMarshal.Read<int>(_events.AsSpan((i * EventSize) + DataOffset));
                if (fd == _wake)
                {
                    long drained;
                    _ = LibC.Read(_wake, &drained, sizeof(long));
                }
                else
                {
                    ready.Add(fd);
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                _ = LibC.Close(_wake);
                _ = LibC.Close(_epoll);
            }
        }
    }

    private void Control(int operation, int fd)
    {
        Span<byte> raw = stackalloc byte[16];
        raw.Clear();
        MemoryMarshal.Write(raw, LibC.EpollIn);
        MemoryMarshal.Write(raw[DataOffset..], (long)fd);
        fixed (byte* pointer = raw)
        {
            if (LibC.EpollControl(_epoll, operation, fd, pointer) < 0)
            {
                throw new IOException($"epoll_ctl failed: {LibC.Describe(Marshal.GetLastPInvokeError())}.");
            }
        }
    }
}
