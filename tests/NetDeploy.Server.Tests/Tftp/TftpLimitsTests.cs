using System.Net;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>What is bounded: openings, places, waiting.</summary>
public sealed class TftpLimitsTests
{
    [Fact]
    public async Task A_slow_opening_holds_up_nobody_else_and_a_broken_one_is_told()
    {
        var slow = new TaskCompletionSource();
        await using var test = new TftpTestServer();
        test.Content.Gate = slow.Task;
        test.Content.Add("a", 10);
        using var first = new TftpTestClient(test.EndPoint);
        first.Request("a");
        Assert.True(first.HearsNothing());

        test.Content.Gate = Task.CompletedTask;
        using var second = new TftpTestClient(test.EndPoint);
        Assert.Equal(test.Content.Files["a"], second.Read("a"));

        slow.SetException(new IOException("/secret/place is broken"));
        Assert.Equal("the server cannot open the file", first.ErrorReceived().Message);
        Assert.Contains("failed a: cannot be opened: /secret/place is broken", await test.Observer.SeenAsync(2));
    }

    [Fact]
    public async Task An_opening_that_never_ends_is_given_up()
    {
        await using var test = new TftpTestServer(options => options with { LongestOpen = TimeSpan.FromMilliseconds(100) });
        test.Content.Gate = new TaskCompletionSource().Task;
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");

        Assert.Equal(TftpErrorCode.NotDefined, client.ErrorReceived().Code);
    }

    [Fact]
    public async Task A_file_that_shrinks_ends_with_an_error()
    {
        await using var test = new TftpTestServer();
        test.Content.Add("a", 1_000_000);
        test.Content.Open = bytes => new MemoryStream(bytes, 0, 300_000, writable: false);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a", "blksize=1000");
        client.OptionAck();
        client.Ack(0);
        byte[] packet;
        for (var block = 1; TftpData.TryRead(packet = client.Receive(), out _, out _); block++)
        {
            Assert.InRange(block, 1, 300);
            client.Ack(block);
        }

        Assert.True(TftpError.TryRead(packet, out var error, out _));
        Assert.Equal("the server cannot read the file", error.Message);
        Assert.Contains("became shorter", (await test.Observer.SeenAsync()).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beyond_the_limits_clients_wait_then_are_refused()
    {
        await using var test = new TftpTestServer(options => options with
        {
            MaxTransfers = 1,
            MaxWaiting = 1,
            MaxTransfersPerClient = 3,
        });
        var file = test.Content.Add("a", 10);
        using var served = new TftpTestClient(test.EndPoint);
        using var waiting = new TftpTestClient(test.EndPoint);
        using var refused = new TftpTestClient(test.EndPoint);
        served.Request("a");
        served.Data();
        waiting.Request("a");
        Assert.True(waiting.HearsNothing());
        refused.Request("a");
        Assert.Equal("server is busy, try again", refused.ErrorReceived().Message);

        served.Ack(1);
        Assert.Equal(file, waiting.Data().Payload);
        waiting.Ack(1);
        await test.Observer.SeenAsync(2);
        Assert.Equal(file, refused.Read("a"));
    }

    [Fact]
    public async Task A_request_that_waits_too_long_is_told_to_try_again()
    {
        await using var test = new TftpTestServer(options => options with { MaxTransfers = 1, LongestWait = TimeSpan.FromMilliseconds(100) });
        test.Content.Add("a", 10);
        using var served = new TftpTestClient(test.EndPoint);
        using var waiting = new TftpTestClient(test.EndPoint);
        served.Request("a");
        served.Data();
        waiting.Request("a");
        Assert.Equal("server is busy, try again", waiting.ErrorReceived().Message);

        served.Ack(1);
        Assert.Equal(["failed a: server is busy, try again", "completed a 10"], await test.Observer.SeenAsync(2));
        Assert.Equal(test.Content.Files["a"], waiting.Read("a"));
    }

    [Fact]
    public async Task A_client_that_starts_over_from_the_same_port_is_served_from_the_start()
    {
        await using var test = new TftpTestServer(options => options with { Timings = new TftpTimings { ShortestWait = TimeSpan.FromSeconds(4) } });
        var file = test.Content.Add("a", 2000);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");
        client.Data();
        client.Ack(1);
        Assert.Equal(2, client.Data().Block);
        var peer = client.Peer;

        // A late copy of the request, while blocks flow, starts nothing.
        client.Request("a");
        Assert.True(client.HearsNothing());
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.Equal(file, client.Read("a"));
        Assert.NotEqual(peer, client.Peer);
    }

    [Fact]
    public async Task One_client_cannot_take_every_place()
    {
        await using var test = new TftpTestServer(options => options with { MaxTransfersPerClient = 1 }, address: IPAddress.Any);
        var file = test.Content.Add("a", 10);
        var server = new IPEndPoint(IPAddress.Loopback, test.EndPoint.Port);
        using var first = new TftpTestClient(server);
        using var second = new TftpTestClient(server);
        using var neighbour = new TftpTestClient(server, from: IPAddress.Parse("127.0.0.9"));
        first.Request("a");
        first.Data();
        second.Request("a");
        Assert.Equal("too many transfers of this client", second.ErrorReceived().Message);
        Assert.Equal(file, neighbour.Read("a"));
    }
}
