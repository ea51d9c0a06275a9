using System.Collections.Immutable;
using System.Formats.Tar;
using System.Text;

namespace NetDeploy.Server.Images;

/// <summary>What a look through an image's tar found.</summary>
/// <param name="Faults">Identity that must not be in an image; empty for a good one.</param>
internal sealed record ImageTarReport(
    long UnpackedBytes,
    ImmutableSortedDictionary<string, string> Packages,
    ImmutableArray<string> Faults);

/// <summary>
/// Reads an image's tar once, as it streams by, to check the builder's own output: an image holds no identity and no
/// secret. What cannot be seen by path (a name inside some file) is for the tests, which search the unpacked image.
/// </summary>
internal static class ImageTar
{
    private const int BlockBytes = 4096;
    private const int MaximumFaults = 20;
    private const int MaximumStatusBytes = 64 * 1024 * 1024;
    private const int LargestKeyBytes = 64 * 1024;

    /// <exception cref="InvalidDataException">The tar is damaged or cut.</exception>
    public static ImageTarReport Read(Stream tar)
    {
        using var reader = new TarReader(tar, leaveOpen: true);
        var faults = new List<string>();
        var packages = ImmutableSortedDictionary<string, string>.Empty;
        long unpacked = 0;
        while (reader.GetNextEntry() is { } entry)
        {
            var path = entry.Name.TrimStart('.').TrimStart('/').TrimEnd('/');
            var isFile = entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
            unpacked += entry.EntryType is TarEntryType.Directory ? BlockBytes : (entry.Length + BlockBytes - 1) / BlockBytes * BlockBytes;
            if (!isFile)
            {
                continue;
            }

            if (path == "var/lib/dpkg/status")
            {
                packages = InstalledPackages(Text(entry, MaximumStatusBytes));
            }
            else if (FaultOf(path, entry) is { } fault && faults.Count < MaximumFaults)
            {
                faults.Add($"/{path}: {fault}");
            }
        }

        if (packages.IsEmpty)
        {
            faults.Add("/var/lib/dpkg/status: no package is installed");
        }

        return new(unpacked, packages, [.. faults]);
    }

    private static string? FaultOf(string path, TarEntry entry)
    {
        switch (path)
        {
            case "etc/machine-id" or "var/lib/dbus/machine-id":
                return entry.Length > 0 ? "a machine id" : null;
            case "etc/hostname" or "etc/mailname":
                return entry.Length > 0 ? "a host name" : null;
            case "etc/resolv.conf":
                return "the builder's name servers";
            case "etc/shadow" or "etc/shadow-":
                return Text(entry, LargestKeyBytes).Split('\n').Select(line => line.Split(':'))
                    .FirstOrDefault(fields => fields.Length > 1 && fields[1].TrimStart('!') is not ("" or "*")
                        || fields.Length > 1 && fields[1].Length == 0) is { } user
                    ? $"a password, or none, for {user[0]}"
                    : null;
            case "var/lib/systemd/random-seed" or "var/lib/systemd/credential.secret":
                return "a secret of systemd";
            case "boot/grub/grub.cfg":
                return "a boot menu made for the builder's disks";
        }

        if (path.StartsWith("etc/ssh/ssh_host_", StringComparison.Ordinal))
        {
            return "an SSH host key";
        }

        var mayHoldKey = path.StartsWith("etc/", StringComparison.Ordinal) || path.StartsWith("root/", StringComparison.Ordinal)
            || path.StartsWith("home/", StringComparison.Ordinal);
        return mayHoldKey && entry.Length is > 0 and <= LargestKeyBytes && HasPrivateKey(Text(entry, LargestKeyBytes))
            ? "a private key, which every machine with this image would share"
            : null;
    }

    private static bool HasPrivateKey(string text) =>
        text.Split('\n').Any(line => line.StartsWith("-----BEGIN ", StringComparison.Ordinal) && line.Contains("PRIVATE KEY", StringComparison.Ordinal));

    private static ImmutableSortedDictionary<string, string> InstalledPackages(string status)
    {
        var packages = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var stanza in status.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var lines = stanza.Split('\n');
            if (Field(lines, "Status: ") == "install ok installed" && Field(lines, "Package: ") is { } name && Field(lines, "Version: ") is { } version)
            {
                packages[name] = version;
            }
        }

        return packages.ToImmutable();
    }

    private static string? Field(string[] lines, string name) =>
        lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();

    private static string Text(TarEntry entry, int maximum)
    {
        if (entry.DataStream is null)
        {
            return "";
        }

        if (entry.Length > maximum)
        {
            throw new InvalidDataException($"{entry.Name} in the image has {entry.Length} bytes, at most {maximum} are expected.");
        }

        using var text = new StreamReader(entry.DataStream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        return text.ReadToEnd();
    }
}
