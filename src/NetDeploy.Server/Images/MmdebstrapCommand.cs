using System.Globalization;
using System.Text;
using NetDeploy.Core.Images;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>The files and the command line of one mmdebstrap run. The choices are explained in README.md beside this file.</summary>
internal static class MmdebstrapCommand
{
    /// <summary>Files newer than this get this date, so that equal input makes equal images: 2025-01-01.</summary>
    public const long SourceDateEpoch = 1735689600;

    public const string SourcesName = "debian.sources";

    // The initramfs must fit any hardware, and mkinitramfs must not look for the builder's swap.
    private const string PrepareHook = """
        #!/bin/sh
        set -eu
        mkdir -p "$1/etc/initramfs-tools/conf.d"
        printf 'MODULES=most\nCOMPRESS=zstd\n' >"$1/etc/initramfs-tools/conf.d/netdeploy"
        printf 'RESUME=none\n' >"$1/etc/initramfs-tools/conf.d/resume"

        """;

    // Runs in the build's namespaces, outside the image's root: "root" there is one of the subordinate users.
    private const string ScriptsHook = """
        #!/bin/sh
        set -u
        exec >&2 </dev/null
        here=$(dirname "$0")
        total=$(cat "$here/script.count")
        number=1
        while [ "$number" -le "$total" ]; do
            echo "netdeploy: build script $number of $total"
            cp "$here/script.$number" "$1/tmp/netdeploy-script" || exit 1
            chmod 0755 "$1/tmp/netdeploy-script" || exit 1
            chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive /tmp/netdeploy-script
            status=$?
            rm -f "$1/tmp/netdeploy-script"
            if [ "$status" -ne 0 ]; then
                echo "netdeploy: build script $number failed with exit status $status"
                exit 1
            fi
            number=$((number + 1))
        done

        """;

    // machine-id is empty and not "uninitialized": with the latter systemd takes the first boot of a deployed machine
    // for an unconfigured one, and systemd-firstboot asks questions on the console.
    private const string IdentityHook = """
        #!/bin/sh
        set -eu
        cd "$1"
        : >etc/machine-id
        chmod 0444 etc/machine-id
        rm -f var/lib/dbus/machine-id etc/hostname etc/mailname
        if [ -e lib/systemd/system/systemd-resolved.service ]; then
            ln -sfn ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf
        elif [ ! -L etc/resolv.conf ]; then
            rm -f etc/resolv.conf
        fi
        rm -f etc/ssh/ssh_host_*
        rm -f etc/apt/apt.conf.d/99mmdebstrap etc/dpkg/dpkg.cfg.d/99mmdebstrap
        mv etc/apt/sources.list.d/0000debian.sources etc/apt/sources.list.d/debian.sources
        rm -f boot/grub/grub.cfg boot/grub/grubenv
        rm -f var/lib/systemd/random-seed var/lib/systemd/credential.secret
        rm -f root/.bash_history root/.lesshst root/.wget-hsts
        for file in passwd group shadow gshadow subuid subgid; do rm -f "etc/$file-"; done
        find var/log -type f \( -name wtmp -o -name btmp -o -name lastlog -o -name faillog \) -exec truncate -s 0 {} +
        find var/log -type f ! \( -name wtmp -o -name btmp -o -name lastlog -o -name faillog \) -delete
        rm -f var/cache/debconf/*-old var/lib/dpkg/*-old var/cache/ldconfig/aux-cache
        rm -rf var/lib/systemd/coredump/*
        case $(sed -n 's/^root:\([^:]*\):.*/\1/p' etc/shadow) in
            '*'|'!'*) ;;
            *) chroot . usermod --lock root ;;
        esac

        """;

    /// <summary>Writes the run's sources, hooks and scripts; readable by the build's users, who are nobody's outside it.</summary>
    public static void WriteFiles(string folder, ImageSpec spec, string keyring)
    {
        WriteText(Path.Combine(folder, SourcesName), Sources(spec, keyring));
        WriteText(Path.Combine(folder, "prepare"), PrepareHook, executable: true);
        WriteText(Path.Combine(folder, "scripts"), ScriptsHook, executable: true);
        WriteText(Path.Combine(folder, "identity"), IdentityHook, executable: true);
        WriteText(Path.Combine(folder, "script.count"), spec.Scripts.Length.ToString(CultureInfo.InvariantCulture) + "\n");
        foreach (var (number, script) in spec.Scripts.Index())
        {
            WriteText(Path.Combine(folder, $"script.{number + 1}"), Runnable(script), executable: true);
        }
    }

    /// <summary>The image's apt sources, deb822 (sources.list(5)): also what it is built from.</summary>
    public static string Sources(ImageSpec spec, string keyring) =>
        string.Join('\n', spec.Repositories.Select(repository =>
            $"Types: deb\nURIs: {repository.Uri}\nSuites: {repository.Suite}\n"
            + (repository.Suite.EndsWith('/') ? "" : $"Components: {string.Join(' ', repository.Components)}\n")
            + $"Signed-By:{(repository.Key is { } key ? Inline(key) : " " + keyring)}\n"));

    /// <summary>A key within deb822: continued lines begin with a blank, and an empty one is a dot. So it needs no file, neither here nor on the machine.</summary>
    private static string Inline(string key) =>
        string.Concat(key.TrimEnd('\n').Split('\n').Select(line => line.Trim().Length == 0 ? "\n ." : $"\n {line.Trim()}"));

    /// <summary>The command line; the tar goes to standard output.</summary>
    public static IEnumerable<string> Arguments(string folder, ImageSpec spec, BuildLimits limits)
    {
        yield return "prlimit";
        yield return $"--as={limits.MemoryBytes}";
        yield return $"--fsize={limits.FileBytes}";
        yield return "--core=0";
        yield return "mmdebstrap";
        yield return "--verbose";
        yield return "--mode=unshare";
        yield return "--variant=minbase";
        yield return "--format=tar";
        yield return $"--architectures={spec.Architecture}";
        if (!spec.Packages.IsEmpty)
        {
            yield return $"--include={string.Join(',', spec.Packages)}";
        }

        if (HasInitramfs(spec))
        {
            yield return $"--essential-hook={Path.Combine(folder, "prepare")}";
        }

        if (!spec.Scripts.IsEmpty)
        {
            yield return $"--customize-hook={Path.Combine(folder, "scripts")}";
        }

        yield return $"--customize-hook={Path.Combine(folder, "identity")}";
        yield return spec.Release;
        yield return "-";
        yield return Path.Combine(folder, SourcesName);
    }

    /// <summary>
    /// Level 9: on a Debian with a kernel 14 % smaller than level 3 for 4 s more; level 15 saves 1.5 % for 37 s more.
    /// Unpacking takes the same time at each. Output does not depend on the number of threads.
    /// </summary>
    public static IEnumerable<string> Compressor() => ["zstd", "-9", "-T0", "--quiet", "--stdout"];

    public static Dictionary<string, string> Environment(string folder)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = folder,
            ["TMPDIR"] = folder,
            ["LC_ALL"] = "C.UTF-8",
            ["SOURCE_DATE_EPOCH"] = SourceDateEpoch.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var name in (string[])["http_proxy", "https_proxy", "no_proxy"])
        {
            if (System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                environment[name] = value;
            }
        }

        return environment;
    }

    private static bool HasInitramfs(ImageSpec spec) =>
        spec.Packages.Any(package => package.StartsWith("initramfs-tools", StringComparison.Ordinal)
            || package.StartsWith("linux-image", StringComparison.Ordinal));

    private static string Runnable(string script) =>
        script.StartsWith("#!", StringComparison.Ordinal) ? script : "#!/bin/sh\nset -eu\n" + script + "\n";

    private static void WriteText(string path, string text, bool executable = false)
    {
        File.WriteAllText(path, text.ReplaceLineEndings("\n"), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        Posix.ChangeMode(path, executable ? Posix.ReadableFolder : Posix.ReadableFile);
    }
}
