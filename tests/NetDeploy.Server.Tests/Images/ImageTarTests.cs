using System.Formats.Tar;
using System.Text;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

public sealed class ImageTarTests
{
    private const string Status =
        "Package: apt\nStatus: install ok installed\nVersion: 2.6.1\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n";

    [Fact]
    public void A_clean_image_gives_its_packages_and_size()
    {
        var report = ImageTar.Read(Tar(("./etc/machine-id", ""), ("./etc/shadow", "root:*:1::::::\nuser:!*:1::::::\n"), ("./usr/bin/x", new string('x', 5000))));
        Assert.Empty(report.Faults);
        Assert.Equal("2.6.1", Assert.Single(report.Packages).Value);
        // A folder, the status, the shadow file: one block each; 5000 bytes: two.
        Assert.Equal(5 * 4096, report.UnpackedBytes);
    }

    [Theory]
    [InlineData("etc/machine-id", "0123456789abcdef0123456789abcdef\n")]
    [InlineData("var/lib/dbus/machine-id", "0123456789abcdef0123456789abcdef\n")]
    [InlineData("etc/hostname", "builder\n")]
    [InlineData("etc/resolv.conf", "nameserver 192.0.2.1\n")]
    [InlineData("etc/ssh/ssh_host_ed25519_key", "x")]
    [InlineData("etc/ssh/ssh_host_ed25519_key.pub", "x")]
    [InlineData("etc/shadow", "daemon:*:1::::::\nroot:$y$j9T$abc$def:1::::::\n")]
    [InlineData("etc/shadow", "root::1::::::\n")]
    [InlineData("etc/shadow-", "root:!$6$abc$def:1::::::\n")]
    [InlineData("var/lib/systemd/random-seed", "x")]
    [InlineData("boot/grub/grub.cfg", "x")]
    [InlineData("etc/ssl/private/ssl-cert-snakeoil.key", "-----BEGIN PRIVATE KEY-----\nMII\n")]
    [InlineData("root/.ssh/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3B\n")]
    public void Identity_is_found_by_its_place(string path, string content)
    {
        var fault = Assert.Single(ImageTar.Read(Tar(($"./{path}", content))).Faults);
        Assert.StartsWith($"/{path}: ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_image_has_no_packages()
    {
        using var empty = new MemoryStream(new byte[1024]);
        Assert.Contains("no package", Assert.Single(ImageTar.Read(empty).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tar_cut_anywhere_is_an_error_or_a_fault()
    {
        using var whole = Tar(("./etc/machine-id", ""), ("./usr/bin/x", new string('x', 5000)));
        var bytes = whole.ToArray();
        for (var length = 0; length < bytes.Length - 1024; length += 97)
        {
            using var cut = new MemoryStream(bytes, 0, length);
            var fails = Record.Exception(() =>
            {
                // Entries that are whole are read; mmdebstrap's exit status tells that the rest is missing.
                ImageTar.Read(cut);
            });
            Assert.True(fails is null or EndOfStreamException or InvalidDataException, $"{length}: {fails}");
        }
    }

    [Fact]
    public void The_tee_copies_what_is_read_and_stops_at_its_limit()
    {
        using var source = new MemoryStream(Encoding.ASCII.GetBytes("0123456789"));
        using var sink = new MemoryStream();
        using (var tee = new TeeStream(source, sink, 10))
        {
            tee.CopyTo(Stream.Null);
        }

        Assert.Equal("0123456789", Encoding.ASCII.GetString(sink.ToArray()));
        source.Position = 0;
        using var small = new TeeStream(source, sink, 9);
        Assert.Throws<InvalidDataException>(() => small.CopyTo(Stream.Null));
    }

    private static MemoryStream Tar(params (string Path, string Content)[] files)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "./etc/"));
            foreach (var (path, content) in files.Append(("./var/lib/dpkg/status", Status)))
            {
                using var data = new MemoryStream(Encoding.UTF8.GetBytes(content));
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = data });
            }

            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "./etc/mtab") { LinkName = "/proc/mounts" });
        }

        stream.Position = 0;
        return stream;
    }
}
