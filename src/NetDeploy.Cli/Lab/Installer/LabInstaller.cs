using NetDeploy.Cli.Lab.Host;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Cli.Lab.Installer;

/// <summary>What a lab by the method installer needs before its server starts: the installer's boot files, and where the machine's mirror lacks some of the installer's components, a suite of them.</summary>
/// <param name="mirror">This machine's own Debian mirror.</param>
internal sealed class LabInstaller(ICommandRunner commands, string cacheFolder, string mirror, Action<string> say)
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(2);

    /// <returns>Null where the mirror holds all components.</returns>
    /// <exception cref="UserFault">The distro has no installer, or something of it cannot be had.</exception>
    public async Task<ComponentsSuite?> PrepareAsync(string distroName, CancellationToken cancellationToken)
    {
        var distro = ShippedDistros.Find(distroName, Installation.Profiles);
        var bootFiles = Path.Combine(cacheFolder, "bootfiles");
        var options = new BootFilesOptions { Sources = Installation.BootFiles };
        using var http = new HttpClient { Timeout = RequestLimit };
        try
        {
            say($"preparing the installer of {distroName}");
            var lines = new Lines(say);
            var plain = await InstallerBuild.RunAsync(bootFiles, distro, options, null, lines, cancellationToken).ConfigureAwait(false);
            var build = new ComponentsBuild(commands, http, mirror, Path.Combine(Installation.BootFiles, "debian-packages"), Path.Combine(cacheFolder, "components", "packages"), say);
            var suite = await build.EnsureAsync(plain, distro.Release, Path.Combine(cacheFolder, "components", distroName), cancellationToken).ConfigureAwait(false);
            if (suite is not null)
            {
                await InstallerBuild.RunAsync(bootFiles, distro, options, new InstallerComponents(suite.Name, suite.Key), lines, cancellationToken).ConfigureAwait(false);
            }

            return suite;
        }
        catch (BootFilesException e)
        {
            throw new UserFault(e.Message, e.Remedy, inner: e);
        }
    }

    private sealed class Lines(Action<string> say) : IProgress<string>
    {
        public void Report(string value) => say(value);
    }
}
