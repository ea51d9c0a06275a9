using NetDeploy.Core.Profiles;

namespace NetDeploy.Server.BootFiles;

/// <summary>Where the installer's own components come from, where that is not its distribution's own suite.</summary>
/// <param name="Suite">A suite of the machine's mirror.</param>
/// <param name="Key">A file with the archive key that signed it, beside Debian's.</param>
public sealed record InstallerComponents(string Suite, string Key);

/// <summary><c>netdeploy bootfiles installer DISTRO</c>: what netboots a distribution's own installer, from its Debian package.</summary>
public static class InstallerBuild
{
    /// <returns>The folder with kernel, initrd, archive and <c>manifest</c>.</returns>
    /// <remarks>Waits for another process that works on this cache.</remarks>
    /// <exception cref="BootFilesException">With fault and remedy; what was there before is unchanged.</exception>
    public static async Task<string> RunAsync(
        string cacheFolder, DistroSpec distro, BootFilesOptions options, InstallerComponents? components, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (distro.InstallerPackage is not { } package)
        {
            throw new BootFilesException(
                BootFilesFault.Wrong, $"the distro {distro.Name} does not say which package holds its installer", "add 'installer: {package: ...}' to its document");
        }

        cacheFolder = Path.GetFullPath(cacheFolder);
        using var held = await BootFilesFolder.LockAsync(cacheFolder, progress, cancellationToken);
        List<string> arguments =
        [
            "--out", Path.Combine(BootFilesFolder.Installers(cacheFolder), distro.Name),
            "--packages", BootFilesFolder.Packages(cacheFolder),
            "--package", package,
            .. BootFilesScript.SourceArguments(options with { Suite = distro.Release }),
        ];
        if (components is not null)
        {
            arguments.AddRange(["--components-suite", components.Suite, "--trust", components.Key]);
        }

        var folder = await BootFilesScript.RunAsync(Path.Combine(options.Sources, "build-installer"), arguments, progress, cancellationToken);
        return folder.Trim();
    }
}
