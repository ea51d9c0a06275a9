using System.Globalization;
using NetDeploy.Core.Deployments;

namespace NetDeploy.Core.Boot;

/// <summary>What a script that starts the distribution's own installer names beside what every script of a deployment does.</summary>
/// <param name="SyslogPort">Where the server listens for the installer's log.</param>
public sealed record InstallerScript(DeployScript Deploy, InstallerStart Start, int SyslogPort)
{
    /// <summary>The files of Debian's installer: kernel, its initrd, and our archive behind it.</summary>
    public const string Kernel = "linux";
    public const string Initrd = "initrd.gz";
    public const string Archive = "netdeploy.gz";

    /// <summary>Where they lie below the boot listener's <c>/boot</c> and TFTP's root.</summary>
    public string Folder => $"installers/{Start.Distro}/{Start.BuildId}";

    /// <summary>
    /// The network is configured before any answer can be fetched, so interface, name and domain stand here (formats.md, Debian). The
    /// token stands in the answers' address too: the installer's downloader sends no headers of ours.
    /// </summary>
    public KernelCommandLine CommandLine()
    {
        var mac = Deploy.Mac.ToString('-');
        var line = new KernelCommandLine()
            .Add("auto=true")
            .Add("priority=critical")
            .Add($"url={Deploy.BaseUrl}/deploy/{Deploy.DeploymentId}/preseed/{Deploy.Token}")
            .Add("interface=auto")
            .Add($"hostname={Deploy.MachineName}");
        if (Start.Domain is { } domain)
        {
            line.Add($"domain={domain}");
        }

        return line
            // A network without a router or a name server is no mistake where this server is the way to the mirror.
            .Add("netcfg/no_default_route=true")
            .Add("netcfg/get_nameservers=")
            .Add($"netdeploy.url={Deploy.BaseUrl}")
            .Add($"netdeploy.deployment={Deploy.DeploymentId}")
            .Add($"netdeploy.token={Deploy.Token}")
            .Add($"BOOTIF=01-{mac}")
            .Add($"log_host={Deploy.ServerAddress}")
            .Add(string.Create(CultureInfo.InvariantCulture, $"log_port={SyslogPort}"))
            // A plain text front end: what it asks is read on any console, and in a log.
            .Add("DEBIAN_FRONTEND=text")
            .Add("TERM=dumb")
            // Each question in the log, by its name: how a prompt is noticed.
            .Add("DEBCONF_DEBUG=5")
            .AddAll(Deploy.KernelArguments);
    }

    public override string ToString() => $"InstallerScript {Deploy.MachineName} {Deploy.DeploymentId} {Start.Distro}, token ***";
}
