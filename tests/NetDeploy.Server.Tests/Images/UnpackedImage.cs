using System.Net;
using System.Net.NetworkInformation;
using System.Text;
using System.Text.RegularExpressions;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

/// <summary>An image's files on disk, unpacked by tar and zstd, to be searched.</summary>
internal sealed partial class UnpackedImage : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"ndt-unpacked-{Guid.NewGuid():N}");

    public UnpackedImage(ImageSpool spool, string id)
    {
        Directory.CreateDirectory(_folder);
        RealBuild.Run("tar", "--extract", "--zstd", "--no-same-owner", "--exclude=./dev/*", "--file", spool.BlobFile(id), "--directory", _folder);
    }

    public bool Exists(string path) => Path.Exists(Path.Combine(_folder, path)) || new FileInfo(Path.Combine(_folder, path)).LinkTarget is not null;

    public string Text(string path) => File.ReadAllText(Path.Combine(_folder, path));

    public string? Link(string path) => new FileInfo(Path.Combine(_folder, path)).LinkTarget;

    public string[] Names(string folder) =>
        Directory.Exists(Path.Combine(_folder, folder))
            ? [.. Directory.GetFileSystemEntries(Path.Combine(_folder, folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
            : [];

    public string[] InitramfsNamesOf(string path) => InitramfsNames.Read(Path.Combine(_folder, path));

    /// <summary>What the files themselves say, searched without knowledge of how the image was made.</summary>
    public void AssertHasNoIdentity()
    {
        Assert.Equal("", Text("etc/machine-id"));
        Assert.False(Exists("etc/hostname"), "a host name");
        Assert.False(Exists("var/lib/dbus/machine-id"), "a machine id of D-Bus");
        Assert.True(!Exists("etc/resolv.conf") || Link("etc/resolv.conf") is not null, "the builder's name servers");
        Assert.DoesNotContain(Names("etc/ssh"), name => name.StartsWith("ssh_host_", StringComparison.Ordinal));
        Assert.All(
            Text("etc/shadow").TrimEnd('\n').Split('\n').Select(line => line.Split(':')),
            fields => Assert.Contains(fields[1], (string[])["*", "!", "!*", "!!"]));
        Assert.Empty(Names("var/lib/apt/lists").Except(["partial", "auxfiles", "lock"]));
        Assert.Empty(Names("var/cache/apt/archives").Except(["partial", "lock"]));
        Assert.Empty(Names("tmp"));
        Assert.Empty(Names("root").Except([".bashrc", ".profile", ".ssh"]));
        Assert.Empty(Names("root/.ssh"));

        var found = Search(Needles()).ToArray();
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The builder's identity as bytes that nothing else in an image would hold.</summary>
    private static IEnumerable<(string What, byte[] Bytes)> Needles()
    {
        // A short name such as "vm" is part of many words: then the paths above must do.
        if (Environment.MachineName.Length >= 6 && Environment.MachineName != "debian")
        {
            yield return ("the builder's host name", Encoding.ASCII.GetBytes(Environment.MachineName));
        }

        if (File.Exists("/etc/machine-id") && File.ReadAllText("/etc/machine-id").Trim() is { Length: 32 } id)
        {
            yield return ("the builder's machine id", Encoding.ASCII.GetBytes(id));
        }

        foreach (var nic in NetworkInterface.GetAllNetworkInterfaces())
        {
            var mac = nic.GetPhysicalAddress().GetAddressBytes();
            if (mac.Length == 6 && mac.Any(octet => octet != 0))
            {
                yield return ($"the MAC of {nic.Name}", Encoding.ASCII.GetBytes(string.Join(':', mac.Select(octet => octet.ToString("x2", null)))));
            }

            foreach (var address in nic.GetIPProperties().UnicastAddresses.Select(unicast => unicast.Address)
                .Where(address => !IPAddress.IsLoopback(address)))
            {
                yield return ($"an address of {nic.Name}", Encoding.ASCII.GetBytes(address.ToString().Split('%')[0]));
            }
        }

        yield return ("the build user", "netdeploy-build"u8.ToArray());
        yield return ("the builder's temporary tree", "/mmdebstrap."u8.ToArray());
    }

    private IEnumerable<string> Search(IEnumerable<(string What, byte[] Bytes)> needles)
    {
        var all = needles.ToArray();
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var file in Directory.EnumerateFiles(_folder, "*", options))
        {
            var bytes = File.ReadAllBytes(file);
            var name = file[(_folder.Length + 1)..];
            foreach (var (what, needle) in all)
            {
                if (bytes.AsSpan().IndexOf(needle) >= 0)
                {
                    yield return $"/{name} holds {what}: {Encoding.ASCII.GetString(needle)}";
                }
            }

            // Libraries carry the keys of their self-tests (libgnutls does), the same everywhere.
            var isPackaged = name.StartsWith("usr/", StringComparison.Ordinal) && !name.StartsWith("usr/local/", StringComparison.Ordinal);
            if (!isPackaged && bytes.AsSpan().IndexOf("PRIVATE KEY-----"u8) >= 0 && PrivateKey().IsMatch(Encoding.Latin1.GetString(bytes)))
            {
                yield return $"/{name} holds a private key";
            }

            if (!isPackaged && bytes.Length < 1_000_000 && PasswordHash().IsMatch(Encoding.Latin1.GetString(bytes)))
            {
                yield return $"/{name} holds a password hash";
            }
        }
    }

    // With a body: tools that read keys name the first line alone.
    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[A-Za-z0-9+/=]{40}")]
    private static partial Regex PrivateKey();

    // crypt(5): yescrypt, sha512crypt, sha256crypt, bcrypt.
    [GeneratedRegex(@"\$(y|6|5|2[aby])\$[./A-Za-z0-9$=,]{20,}")]
    private static partial Regex PasswordHash();
}
