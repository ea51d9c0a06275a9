using System.Globalization;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>Other people's clients over the loopback.</summary>
public sealed class TftpInteropTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ndt-tftp-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1, "512")]
    [InlineData(512, "512")]
    [InlineData(100_000, "1428")]
    [InlineData(1_428_000, "1428")]
    public async Task Curl_gets_the_file(int length, string blockSize)
    {
        Assert.SkipUnless(ExternalTool.Exists("curl"), "needs curl");
        await using var test = new TftpTestServer();
        var file = test.Content.Add("boot/loader.efi", length);

        var (exit, output) = await ExternalTool.RunAsync(
            "curl", "-sS", "--tftp-blksize", blockSize, "-o", Target, $"tftp://127.0.0.1:{test.EndPoint.Port}//boot/loader.efi");

        Assert.True(exit == 0, output);
        Assert.Equal(file, Got());
    }

    [Fact]
    public async Task Curl_is_told_that_a_file_is_missing()
    {
        Assert.SkipUnless(ExternalTool.Exists("curl"), "needs curl");
        await using var test = new TftpTestServer();

        var (exit, output) = await ExternalTool.RunAsync("curl", "-sS", "-o", Target, $"tftp://127.0.0.1:{test.EndPoint.Port}/absent");

        // CURLE_TFTP_NOTFOUND
        Assert.True(exit == 68, output);
    }

    [Theory]
    [InlineData(0, "512", null)]
    [InlineData(1_468_000, "1468", null)]
    [InlineData(3_000_000, "1468", "4")]
    [InlineData(3_000_000, "1468", "16")]
    [InlineData(5_000_000, "1468", "64")]
    [InlineData(5_000_000, "60000", "8")]
    public async Task Atftp_gets_the_file_in_windows(int length, string blockSize, string? window)
    {
        Assert.SkipUnless(ExternalTool.Exists("atftp"), "needs atftp");
        await using var test = new TftpTestServer();
        var file = test.Content.Add("initrd", length);
        string[] windowOption = window is null ? [] : ["--option", $"windowsize {window}"];

        var (exit, output) = await ExternalTool.RunAsync(
            "atftp",
            ["--option", $"blksize {blockSize}", .. windowOption, "--get", "-r", "initrd", "-l", Target, "127.0.0.1", Port(test)]);

        Assert.True(exit == 0, output);
        Assert.Equal(file, Got());
        Assert.Equal([$"completed initrd {length}"], await test.Observer.SeenAsync());
    }

    [Fact]
    public async Task Atftp_gets_more_blocks_than_the_number_holds()
    {
        Assert.SkipUnless(ExternalTool.Exists("atftp"), "needs atftp");
        await using var test = new TftpTestServer();
        var file = test.Content.Add("big", 512 * 70_000);

        var (exit, output) = await ExternalTool.RunAsync(
            "atftp", "--option", "windowsize 32", "--get", "-r", "big", "-l", Target, "127.0.0.1", Port(test));

        Assert.True(exit == 0, output);
        Assert.Equal(file, Got());
        Assert.Contains(test.Log.Lines, line => line.Text.Contains("more than 65535 blocks", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("8")]
    [InlineData("64")]
    public async Task Atftp_gets_the_file_over_a_wire_that_loses_and_repeats(string? window)
    {
        Assert.SkipUnless(ExternalTool.Exists("atftp"), "needs atftp");
        await using var test = new TftpTestServer();
        using var relay = new LossyRelay(test.EndPoint, seed: 11);
        var file = test.Content.Add("initrd", 400_000);
        string[] windowOption = window is null ? [] : ["--option", $"windowsize {window}"];

        var (exit, output) = await ExternalTool.RunAsync(
            "atftp",
            ["--option", "blksize 1024", .. windowOption, "--get", "-r", "initrd", "-l", Target, "127.0.0.1", relay.Port.ToString(CultureInfo.InvariantCulture)]);

        Assert.True(exit == 0, output);
        Assert.Equal(file, Got());
        Assert.True(relay.Dropped > 0 && relay.Repeated > 0, $"{relay.Dropped} dropped, {relay.Repeated} repeated");
    }

    [Theory]
    [InlineData("binary", 0)]
    [InlineData("binary", 1024)]
    [InlineData("binary", 100_001)]
    [InlineData("ascii", 20_000)]
    public async Task Tftp_hpa_gets_the_file_in_both_modes(string mode, int length)
    {
        Assert.SkipUnless(ExternalTool.Exists("tftp"), "needs tftp (tftp-hpa)");
        await using var test = new TftpTestServer();
        var file = test.Content.Add("menu", length);

        var (exit, output) = await ExternalTool.RunAsync("tftp", "127.0.0.1", Port(test), "-m", mode, "-c", "get", "menu", Target);

        Assert.True(exit == 0, output);
        Assert.Equal(file, Got());
    }

    private string Target => Path.Combine(_folder.FullName, "got");

    private byte[] Got() => File.ReadAllBytes(Target);

    private static string Port(TftpTestServer test) => test.EndPoint.Port.ToString(CultureInfo.InvariantCulture);
}
