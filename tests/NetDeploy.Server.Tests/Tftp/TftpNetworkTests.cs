using System.Net;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>Over a cable with a real MTU, between two network namespaces.</summary>
public sealed class TftpNetworkTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ndt-tftp-");
    private readonly MemoryContent _content = new();
    private readonly RecordingObserver _observer = new();
    private readonly RecordingLogger _log = new();

    private string Target => Path.Combine(_folder.FullName, "got");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1500, 1468)]
    [InlineData(1400, 1368)]
    public async Task A_block_never_exceeds_a_frame_of_the_path(int mtu, int blockSize)
    {
        Require("atftp");
        await using var hosts = await TwoHosts.CreateAsync(mtu);
        await using var server = Start(hosts, "0.0.0.0:69");
        var file = _content.Add("kernel", 4_000_000);

        var (exit, output) = await hosts.OnClientAsync(
            "atftp", "--option", "blksize 8192", "--option", "windowsize 16", "--get", "-r", "kernel", "-l", Target, "10.77.0.9");

        Assert.True(exit == 0, output);
        Assert.Equal(file, await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken));
        await _observer.SeenAsync();
        Assert.Contains(_log.Lines, line => line.Text.Contains($"blksize {blockSize}, windowsize 16, 0 blocks sent again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_on_one_interface_is_deaf_on_the_others()
    {
        Require("curl");
        await using var hosts = await TwoHosts.CreateAsync(1500);
        await using var server = Start(hosts, "0.0.0.0:69", @interface: "lo");
        _content.Add("a", 10);

        var (deaf, _) = await hosts.OnClientAsync("curl", "-sS", "--max-time", "2", "-o", Target, "tftp://10.77.0.1/a");
        Assert.NotEqual(0, deaf);

        await using var right = Start(hosts, "0.0.0.0:1069", TwoHosts.ServerInterface);
        var (exit, output) = await hosts.OnClientAsync("curl", "-sS", "-o", Target, "tftp://10.77.0.1:1069/a");
        Assert.True(exit == 0, output);
    }

    private TftpServer Start(TwoHosts hosts, string listen, string? @interface = null)
    {
        var options = new TftpOptions { Listen = [IPEndPoint.Parse(listen)], Interface = @interface };
        var server = new TftpServer(options, _content, _observer, _log, TimeProvider.System);
        hosts.OnServer(server.Start);
        return server;
    }

    private static void Require(params string[] tools)
    {
        Assert.SkipUnless(TwoHosts.Missing is null, TwoHosts.Missing ?? "");
        foreach (var tool in tools)
        {
            Assert.SkipUnless(ExternalTool.Exists(tool), $"needs {tool}");
        }
    }
}
