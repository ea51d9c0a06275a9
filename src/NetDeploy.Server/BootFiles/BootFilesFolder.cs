using System.Security.Cryptography;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.BootFiles;

/// <summary>
/// The cache: <c>packages/</c> (apt's lists and archives), and per kind a folder of builds with the link <c>current</c>
/// (<c>loaders/current</c>, <c>environment/current</c>, <c>installers/DISTRO/current</c>). A build appears by one rename, whole or not at all.
/// </summary>
internal static class BootFilesFolder
{
    public static string Packages(string cache) => Path.Combine(cache, "packages");

    public static string Loaders(string cache) => Path.Combine(cache, "loaders");

    public static string Environment(string cache) => Path.Combine(cache, "environment");

    /// <summary>One folder a distribution, each a folder of builds.</summary>
    public static string Installers(string cache) => Path.Combine(cache, "installers");

    /// <summary>The folder that <c>current</c> leads to; null where there is none.</summary>
    public static string? Current(string kind)
    {
        return CurrentLink.Read(kind) is { } id && Directory.Exists(Path.Combine(kind, id)) ? Path.Combine(kind, id) : null;
    }

    /// <summary>Turns <c>current</c> to a build and removes all but it and the one before, which may be being fetched.</summary>
    public static void Switch(string kind, string id)
    {
        var before = Current(kind);
        CurrentLink.Turn(kind, id);
        foreach (var folder in Directory.GetDirectories(kind))
        {
            var name = Path.GetFileName(folder);
            if (name != "current" && name != id && folder != before)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    public static string Sha256(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>One at a time may write to a cache. Waits for the other process.</summary>
    /// <exception cref="BootFilesException">The cache is not this user's to write.</exception>
    public static async Task<FileStream> LockAsync(string cache, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var path = Path.Combine(cache, "lock");
        try
        {
            Directory.CreateDirectory(cache);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotOurs(e);
        }

        for (var told = false; ; told = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (UnauthorizedAccessException e)
            {
                throw NotOurs(e);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (!told)
                {
                    progress?.Report($"waiting for another process that holds {path}");
                }

                await Task.Delay(500, cancellationToken);
            }
        }

        BootFilesException NotOurs(Exception e) => new(BootFilesFault.Wrong, e.Message, $"run it as the user that owns {cache}, or name another folder with --cache");
    }
}
