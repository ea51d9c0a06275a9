using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>What makes an image of family Debian this machine: its name, clock, language and network.</summary>
internal static class DebianFiles
{
    public static IEnumerable<PlanStep> Of(Recipe recipe, PlanContext context)
    {
        var system = recipe.System;
        return
        [
            File("/etc/hostname", system.HostName + "\n"),
            File("/etc/hosts", Hosts(system)),
            .. NetworkdFiles.Of(system, context.BootMac),
            .. NftablesFile.Of(system),
            .. FirstBootFiles.Of(system),

            // Programs read either of the two; Debian 13 links them itself.
            File("/etc/locale.conf", $"LANG={system.Locale}\n"),
            new Link("/etc/default/locale", "../locale.conf"),
            .. Keyboard(system.Keyboard),
            new Link("/etc/localtime", $"../usr/share/zoneinfo/{system.TimeZone}"),
            File("/etc/timezone", system.TimeZone + "\n"),
            .. TimeServers(system),
            File("/etc/ssh/sshd_config.d/50-netdeploy.conf", "# Root logs in by key or not at all.\nPermitRootLogin prohibit-password\n"),
        ];
    }

    internal static TextFile File(string path, string content) => new(path, "0644", "root:root", content);

    private static string Hosts(SystemSpec system)
    {
        var names = system.Domain is { } domain ? $"{system.HostName}.{domain} {system.HostName}" : system.HostName;
        return $"""
            127.0.0.1 localhost
            127.0.1.1 {names}
            ::1 localhost ip6-localhost ip6-loopback
            ff02::1 ip6-allnodes
            ff02::2 ip6-allrouters

            """;
    }

    private static IEnumerable<PlanStep> Keyboard(KeyboardSpec keyboard)
    {
        if (keyboard != new KeyboardSpec("us", null))
        {
            yield return File("/etc/default/keyboard", $"XKBMODEL=\"pc105\"\nXKBLAYOUT=\"{keyboard.Layout}\"\nXKBVARIANT=\"{keyboard.Variant}\"\nXKBOPTIONS=\"\"\nBACKSPACE=\"guess\"\n");
        }
    }

    private static IEnumerable<PlanStep> TimeServers(SystemSpec system)
    {
        if (system.NtpServers.Length > 0)
        {
            yield return File("/etc/systemd/timesyncd.conf.d/netdeploy.conf", $"[Time]\nNTP={string.Join(' ', system.NtpServers)}\n");
        }
    }
}
