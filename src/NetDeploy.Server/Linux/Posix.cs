using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetDeploy.Server.Linux;

/// <summary>The calls on files and processes that .NET does not offer. Each failure is an <see cref="IOException"/> with errno's text.</summary>
internal static partial class Posix
{
    /// <summary>For files that server and worker share, whatever the umask of the one that makes them.</summary>
    public const UnixFileMode ReadableFile =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>For folders that the build's users pass, and for what they run.</summary>
    public const UnixFileMode ReadableFolder =
        ReadableFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const int OpenReadOnly = 0;
    private const int OpenNonBlocking = 0x800;
    private const int OpenCloseOnExec = 0x80000;
    private const int LockShared = 1;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int LockRelease = 8;
    /// <summary>Somebody else holds the lock (errno EWOULDBLOCK).</summary>
    internal const int WouldBlock = 11;

    private const int NotPermitted = 1;
    private const int NoEntry = 2;
    private const int OtherDevice = 18;
    private const int TooManyLinks = 31;
    private const int NoSuchProcess = 3;
    private const int Kill = 9;

    /// <summary>The kernel's error number behind a failure of the runtime's file functions.</summary>
    internal static int ErrorOf(IOException failure) => failure.HResult & 0xffff;

    // asm/fcntl.h: Arm has numbers of its own for these two.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;
    private static readonly int OpenDirectory = Arm ? 0x4000 : 0x10000;
    private static readonly int OpenNoFollow = Arm ? 0x8000 : 0x20000;

    public static uint EffectiveUserId => geteuid();

    public static uint EffectiveGroupId => getegid();

    /// <summary>
    /// Opens a file for reading, or null when it does not exist. A symbolic link is an error: the server may be
    /// root, the folder belongs to the build user, and a link there must not make the server read any other file.
    /// A pipe there does not make it wait either; it is a handle that cannot seek.
    /// </summary>
    public static SafeFileHandle? OpenFileNoFollow(string path)
    {
        var handle = open(path, OpenReadOnly | OpenNoFollow | OpenNonBlocking | OpenCloseOnExec, 0);
        if (!handle.IsInvalid)
        {
            return handle;
        }

        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return error == NoEntry ? null : throw Error("open", path, error);
    }

    /// <summary>Makes the names in a folder durable: a synced file can still lose its name with the power.</summary>
    public static void SyncFolder(string path)
    {
        using var handle = open(path, OpenReadOnly | OpenDirectory | OpenCloseOnExec, 0);
        if (handle.IsInvalid || fsync(handle) != 0)
        {
            throw Error("fsync", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>fdatasync(2): returns when what was written is on the disk.</summary>
    public static void SyncData(SafeFileHandle file, string path)
    {
        if (fdatasync(file) != 0)
        {
            throw Error("fdatasync", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>rename(2), which also puts one link to a folder in the place of another; File.Move refuses that.</summary>
    public static void Rename(string from, string to)
    {
        if (rename(from, to) != 0)
        {
            throw Error("rename", $"{from} to {to}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>link(2): a second name for a file. False where the file system, or how many names the file has, does not allow it.</summary>
    public static bool TryLink(string from, string to)
    {
        if (link(from, to) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NotPermitted or OtherDevice or TooManyLinks or NoEntry ? false : throw Error("link", $"{from} to {to}", error);
    }

    /// <summary>syncfs(2): everything that was written to the folder's file system is on the disk. For thousands of files it costs less than an fsync of each.</summary>
    public static void SyncFileSystem(string folder)
    {
        using var handle = open(folder, OpenReadOnly | OpenDirectory | OpenCloseOnExec, 0);
        if (handle.IsInvalid || syncfs(handle) != 0)
        {
            throw Error("syncfs", folder, Marshal.GetLastPInvokeError());
        }
    }

    /// <returns>False when another open file holds a conflicting lock and <paramref name="wait"/> is false.</returns>
    public static bool Lock(SafeFileHandle file, string path, bool shared, bool wait)
    {
        if (flock(file, (shared ? LockShared : LockExclusive) | (wait ? 0 : LockNonBlocking)) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == WouldBlock && !wait ? false : throw Error("flock", path, error);
    }

    public static void Unlock(SafeFileHandle file, string path)
    {
        if (flock(file, LockRelease) != 0)
        {
            throw Error("flock", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Gives a path (a link itself, not its target) to a user.</summary>
    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (lchown(path, user, group) != 0)
        {
            throw Error("chown", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Sets permissions whatever the umask is.</summary>
    public static void ChangeMode(string path, UnixFileMode mode)
    {
        if (chmod(path, (uint)mode) != 0)
        {
            throw Error("chmod", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>SIGKILL to every process of a group; a group that is gone already is no error.</summary>
    public static void KillGroup(int group)
    {
        if (kill(-group, Kill) != 0 && Marshal.GetLastPInvokeError() is var error && error != NoSuchProcess)
        {
            throw Error("kill", $"process group {group}", error);
        }
    }

    /// <summary>
    /// execvpe(3): this process, with its id and its standard streams, becomes another program; .NET closes the rest. Returns never.
    /// </summary>
    /// <exception cref="IOException">The program cannot be executed; this process goes on.</exception>
    public static void Execute(IReadOnlyList<string> command, IEnumerable<string> environment)
    {
        _ = execvpe(command[0], [.. command, null], [.. environment, null]);
        throw Error("execvpe", command[0], Marshal.GetLastPInvokeError());
    }

    private static IOException Error(string call, string path, int error) =>
        new($"{call} {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execvpe(string file, string?[] arguments, string?[] environment);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();
}
