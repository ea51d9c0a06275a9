using System.Collections.Concurrent;

namespace NetDeploy.Server.BootFiles;

/// <summary>
/// The installers in a cache, by distro and build. Each build is verified once, when it is first asked for; only builds
/// that the folder's own names lead to are served, whatever a machine asks.
/// </summary>
public sealed class InstallerShelf(string folder)
{
    private readonly ConcurrentDictionary<(string Distro, string BuildId), InstallerFiles> _verified = new();

    public static InstallerShelf Empty { get; } = new("");

    /// <summary>The command that fetches a distro's installer into this cache.</summary>
    public string Remedy(string distro) =>
        BootFilesCatalog.Command($"netdeploy bootfiles installer {distro}", Path.GetDirectoryName(folder) is { Length: > 0 } cache ? cache : BootFilesCatalog.DefaultFolder);

    /// <summary>The newest build for a distro; null where there is none that is intact.</summary>
    public InstallerFiles? Current(string distro) =>
        IsName(distro) && folder.Length > 0 && BootFilesFolder.Current(Path.Combine(folder, distro)) is { } current ? Find(distro, Path.GetFileName(current)) : null;

    /// <summary>Null where that build is not there, or not what its manifest says.</summary>
    public InstallerFiles? Find(string distro, string buildId)
    {
        if (folder.Length == 0 || !IsName(distro) || !IsName(buildId))
        {
            return null;
        }

        if (_verified.TryGetValue((distro, buildId), out var known) && File.Exists(known.Kernel.Path))
        {
            return known;
        }

        if (!InstallerFiles.TryRead(Path.Combine(folder, distro, buildId), out var files) || files.BuildId != buildId
            || new[] { files.Kernel, files.Initrd, files.Archive }.Any(f => BootFilesCatalog.Damage(f) is not null))
        {
            return null;
        }

        return _verified[(distro, buildId)] = files;
    }

    /// <summary>Names come from the network: none leads out of the folder.</summary>
    private static bool IsName(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
