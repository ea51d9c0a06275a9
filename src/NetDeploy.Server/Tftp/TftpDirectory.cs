using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using NetDeploy.Server.Tftp.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>
/// The regular files beneath one directory. The kernel resolves each name (openat2 with RESOLVE_BENEATH), so that neither
/// <c>..</c> nor a symbolic link leads out of it, whatever is renamed meanwhile. The directory may be replaced only by a restart.
/// </summary>
public sealed unsafe class TftpDirectory : ITftpContent, IDisposable
{
    // linux/openat2.h and asm-generic/fcntl.h; a system call has one number on all architectures since 424.
    private const int OpenAt2Call = 437;
    private const ulong NonBlock = 0x800;
    private const ulong CloseOnExec = 0x80000;
    private const ulong NoMagicLinks = 0x02;
    private const ulong Beneath = 0x08;
    private const int EmptyPath = 0x1000;
    private const uint TypeAndSize = 0x201;
    private const int FileTypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    /// <summary>A rename that races with the resolution makes the kernel say "again".</summary>
    private const int Attempts = 8;

    private readonly string _root;
    private readonly SafeFileHandle _directory;
    private readonly ILogger<TftpDirectory> _logger;

    /// <exception cref="TftpStartException">No such directory, no permission, or a kernel before 5.6.</exception>
    public TftpDirectory(string root, ILogger<TftpDirectory> logger)
    {
        _root = root;
        _logger = logger;
        var fd = Open(-100, Path.GetFullPath(root), resolve: 0);
        if (fd < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new TftpStartException(error == LibC.Enosys
                ? "TFTP: this kernel or container has no openat2. Use Linux 5.6 or newer, and a seccomp profile that allows openat2."
                : $"TFTP: the directory {root} cannot be opened: {LibC.Describe(error)}. Create it and let the server's user read it.");
        }

        _directory = new SafeFileHandle(fd, ownsHandle: true);
        if (!Directory.Exists(root))
        {
            _directory.Dispose();
            throw new TftpStartException($"TFTP: {root} is not a directory. Name the directory that holds the boot files.");
        }
    }

    public ValueTask<TftpFile?> OpenAsync(TftpReadRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(Open(request.Path));

    public void Dispose() => _directory.Dispose();

    private TftpFile? Open(string path)
    {
        var referenced = false;
        try
        {
            _directory.DangerousAddRef(ref referenced);
            var fd = Open(_directory.DangerousGetHandle(), path, Beneath | NoMagicLinks);
            if (fd < 0)
            {
                Explain(path, Marshal.GetLastPInvokeError());
                return null;
            }

            var handle = new SafeFileHandle(fd, ownsHandle: true);
            if (RegularLength(fd) is not { } length)
            {
                handle.Dispose();
                return null;
            }

            // The engine reads in large chunks of its own: a buffer in between would only copy.
            return new TftpFile(new FileStream(handle, FileAccess.Read, bufferSize: 0), length);
        }
        finally
        {
            if (referenced)
            {
                _directory.DangerousRelease();
            }
        }
    }

    private void Explain(string path, int error)
    {
        switch (error)
        {
            case LibC.Enoent or LibC.Enotdir or LibC.Enametoolong:
                break;
            case LibC.Exdev or LibC.Eloop:
                _logger.LeadsOut(path, _root);
                break;
            default:
                _logger.Unreadable(path, _root, LibC.Describe(error));
                break;
        }
    }

    /// <summary>Never blocks on a FIFO, since it opens without waiting.</summary>
    private static int Open(nint directory, string path, ulong resolve)
    {
        var how = new LibC.OpenHow { Flags = CloseOnExec | NonBlock, Resolve = resolve };
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var fd = -1;
            for (var i = 0; i < Attempts && fd < 0; i++)
            {
                fd = (int)LibC.OpenAt2(OpenAt2Call, directory, name, &how, (nuint)sizeof(LibC.OpenHow));
                if (fd < 0 && Marshal.GetLastPInvokeError() is not (LibC.Eagain or LibC.Eintr))
                {
                    break;
                }
            }

            return fd;
        }
    }

    /// <summary>Null for a directory, a device, a FIFO.</summary>
    private static long? RegularLength(int fd)
    {
        // struct statx has one layout everywhere: the mode is at byte 28, the size at byte 40.
        Span<byte> stat = stackalloc byte[256];
        fixed (byte* result = stat, empty = "\0"u8)
        {
            if (LibC.StatX(fd, empty, EmptyPath, TypeAndSize, result) < 0)
            {
                return null;
            }
        }

        return (MemoryMarshal.Read<ushort>(stat[28..]) & FileTypeMask) == RegularFile ? MemoryMarshal.Read<long>(stat[40..]) : null;
    }
}
