using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

public sealed class TftpDirectoryTests : IDisposable
{
    private readonly DirectoryInfo _base = Directory.CreateTempSubdirectory("ndt-tftp-");
    private readonly RecordingLogger _log = new();
    private readonly string _root;
    private readonly TftpDirectory _directory;

    public TftpDirectoryTests()
    {
        _root = Path.Combine(_base.FullName, "root");
        Directory.CreateDirectory(Path.Combine(_root, "grub"));
        File.WriteAllText(Path.Combine(_root, "grub", "grub.cfg"), "menu");
        File.WriteAllText(Path.Combine(_base.FullName, "secret"), "secret");
        _directory = new TftpDirectory(_root, _log);
    }

    public void Dispose()
    {
        _directory.Dispose();
        _base.Delete(recursive: true);
    }

    [Theory]
    [InlineData("grub/grub.cfg")]
    [InlineData("grub/../grub/grub.cfg")]
    public async Task A_file_beneath_the_root_is_served(string path) => Assert.Equal("menu", await ReadAsync(path));

    [Theory]
    [InlineData("../secret")]
    [InlineData("grub/../../secret")]
    [InlineData("/etc/passwd")]
    public async Task Nothing_leads_out_by_its_name(string path)
    {
        Assert.Null(await ReadAsync(path));
        Assert.Contains(_log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("leads out", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("/proc/self/root/etc/passwd")]
    public async Task No_link_leads_out(string target)
    {
        File.CreateSymbolicLink(Path.Combine(_root, "link"), target);
        Assert.Null(await ReadAsync("link"));
    }

    [Fact]
    public async Task No_linked_directory_leads_out()
    {
        Directory.CreateSymbolicLink(Path.Combine(_root, "up"), "..");
        Assert.Null(await ReadAsync("up/secret"));
        Directory.CreateSymbolicLink(Path.Combine(_root, "here"), "grub");
        Assert.Equal("menu", await ReadAsync("here/grub.cfg"));
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("grub")]
    [InlineData("grub/grub.cfg/x")]
    [InlineData("pipe")]
    public async Task What_is_no_file_is_not_found_and_not_waited_for(string path)
    {
        using var make = Process.Start("mkfifo", Path.Combine(_root, "pipe"));
        await make.WaitForExitAsync();
        Assert.Equal(0, make.ExitCode);

        Assert.Null(await ReadAsync(path).WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task A_name_with_strange_bytes_or_without_end_is_not_found()
    {
        Assert.Null(await ReadAsync(new string('a', 1024)));
        Assert.Null(await ReadAsync("\ufffd"));
    }

    [Fact]
    public async Task A_large_file_goes_from_the_disk_to_the_client()
    {
        var bytes = new byte[2_000_000];
        new Random(5).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(_root, "initrd"), bytes, TestContext.Current.CancellationToken);
        await using var test = new TftpTestServer(content: _directory);
        using var client = new TftpTestClient(test.EndPoint);

        Assert.Equal(bytes, client.Read(@"\initrd", "blksize=1468 windowsize=32", 1468, 32));
        client.Request("../secret");
        Assert.Equal(Protocols.Tftp.TftpErrorCode.FileNotFound, client.ErrorReceived().Code);
    }

    [Fact]
    public void A_root_that_is_absent_or_a_file_is_named_with_the_remedy()
    {
        var absent = Assert.Throws<TftpStartException>(() => new TftpDirectory(Path.Combine(_base.FullName, "absent"), _log));
        Assert.Contains("Create it", absent.Message, StringComparison.Ordinal);
        var file = Assert.Throws<TftpStartException>(() => new TftpDirectory(Path.Combine(_base.FullName, "secret"), _log));
        Assert.Contains("not a directory", file.Message, StringComparison.Ordinal);
    }

    private async Task<string?> ReadAsync(string path)
    {
        var request = new TftpReadRequest(path, new IPEndPoint(IPAddress.Loopback, 1), IPAddress.Loopback);
        if (await _directory.OpenAsync(request, CancellationToken.None) is not { } file)
        {
            return null;
        }

        await using var content = file.Content;
        using var reader = new StreamReader(content);
        var text = await reader.ReadToEndAsync();
        Assert.Equal(text.Length, file.Length);
        return text;
    }
}
