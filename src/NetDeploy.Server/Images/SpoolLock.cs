using Microsoft.Win32.SafeHandles;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// A flock on a file of the spool. The kernel frees it when its process dies, however it dies. Lock files are
/// never deleted: deleting one that another process waits for would give the lock to two.
/// </summary>
internal sealed class SpoolLock : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path;

    private SpoolLock(SafeFileHandle file, string path) => (_file, _path) = (file, path);

    /// <summary>Takes the lock, or gives null when someone else holds it. Makes the file when it is missing.</summary>
    public static SpoolLock? TryTake(string path, bool shared = false) => Take(path, shared, wait: false);

    /// <summary>Takes the lock, waiting for whoever holds it.</summary>
    public static SpoolLock Take(string path, bool shared = false) => Take(path, shared, wait: true)!;

    /// <summary>Whether someone holds the lock; needs only read permission.</summary>
    public static bool IsHeld(string path)
    {
        using var file = Posix.OpenFileNoFollow(path);
        if (file is null)
        {
            return false;
        }

        if (!Posix.Lock(file, path, shared: false, wait: false))
        {
            return true;
        }

        Posix.Unlock(file, path);
        return false;
    }

    /// <summary>Makes the file when it is missing: whoever may read it, may lock it.</summary>
    public static void Make(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
            File.SetUnixFileMode(file, Posix.ReadableFile);
        }
        catch (IOException) when (File.Exists(path))
        {
            // It is there, or another process makes it at this moment.
        }
    }

    public void Dispose()
    {
        if (!_file.IsClosed)
        {
            // Closing alone is not enough: a process that this one is just starting holds the file until its exec.
            Posix.Unlock(_file, _path);
            _file.Dispose();
        }
    }

    private static SpoolLock? Take(string path, bool shared, bool wait)
    {
        SafeFileHandle? file;
        while ((file = Posix.OpenFileNoFollow(path)) is null)
        {
            Make(path);
        }

        if (Posix.Lock(file, path, shared, wait))
        {
            return new SpoolLock(file, path);
        }

        file.Dispose();
        return null;
    }
}
