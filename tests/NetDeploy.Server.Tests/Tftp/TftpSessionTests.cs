using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>One transfer, and who and what may disturb it.</summary>
public sealed class TftpSessionTests
{
    [Fact]
    public async Task A_packet_of_no_transfer_is_ERROR_5()
    {
        await using var test = new TftpTestServer();
        using var client = new TftpTestClient(test.EndPoint);

        client.Raw([0, 4, 0, 1]);
        Assert.Equal(TftpErrorCode.UnknownTransferId, client.ErrorReceived().Code);
        client.Raw([0, 5, 0, 5, 0]);
        Assert.True(client.HearsNothing());
    }

    [Fact]
    public async Task A_stranger_is_sent_away_and_the_transfer_goes_on()
    {
        await using var test = new TftpTestServer();
        var file = test.Content.Add("a", 700);
        using var client = new TftpTestClient(test.EndPoint);
        using var stranger = new TftpTestClient(test.EndPoint);
        client.Request("a");
        Assert.Equal(file[..512], client.Data().Payload);

        stranger.Raw([0, 4, 0, 1], client.Peer);
        Assert.Equal(TftpErrorCode.UnknownTransferId, stranger.ErrorReceived().Code);
        stranger.Raw([0, 5, 0, 0, 0], client.Peer);
        Assert.True(stranger.HearsNothing());

        client.Ack(1);
        Assert.Equal((2, 188), (client.Data().Block, 188));
        client.Ack(2);
        Assert.Equal(["completed a 700"], await test.Observer.SeenAsync());
    }

    [Fact]
    public async Task The_same_request_again_is_the_same_session()
    {
        await using var test = new TftpTestServer();
        test.Content.Add("a", 700);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a", "tsize=0");
        Assert.Equal("tsize=700", client.OptionAck());
        var peer = client.Peer;

        client.Request("a", "tsize=0");
        Assert.Equal("tsize=700", client.OptionAck());
        Assert.Equal(peer, client.Peer);
        client.Ack(0);
        Assert.Equal(1, client.Data().Block);
    }

    [Fact]
    public async Task Another_request_from_the_same_port_replaces_the_session()
    {
        await using var test = new TftpTestServer(options => options with { MaxTransfersPerClient = 1 });
        test.Content.Add("a", 700);
        test.Content.Add("b", 3);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");
        client.Data();
        var peer = client.Peer;

        Assert.Equal(test.Content.Files["b"], client.Read("b"));
        Assert.NotEqual(peer, client.Peer);
    }

    [Theory]
    [InlineData(TftpErrorCode.OptionNegotiationFailed, 0)]
    [InlineData(TftpErrorCode.NotDefined, 512)]
    public async Task A_client_that_had_enough_is_no_failure(TftpErrorCode code, int bytes)
    {
        await using var test = new TftpTestServer();
        test.Content.Add("a", 2000);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a", "tsize=0");
        client.OptionAck();
        if (bytes > 0)
        {
            client.Ack(0);
            client.Data();
            client.Ack(1);
            client.Data();
        }

        client.Error(code);
        Assert.Equal([$"stopped a {(int)code} {bytes}"], await test.Observer.SeenAsync());
        Assert.DoesNotContain(test.Log.Lines, line => line.Level > LogLevel.Information);
        Assert.True(client.HearsNothing());
    }

    [Fact]
    public async Task A_client_that_cannot_go_on_is_a_failure_with_its_reason()
    {
        await using var test = new TftpTestServer();
        test.Content.Add("a", 2000);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");
        client.Data();
        client.Error(TftpErrorCode.DiskFull);

        Assert.Equal(["failed a: the client ended it with ERROR 3 after 0 bytes: test"], await test.Observer.SeenAsync());
    }

    [Fact]
    public async Task A_silent_client_gets_its_block_again_and_is_given_up()
    {
        await using var test = new TftpTestServer(options => options with
        {
            Timings = new TftpTimings { FirstWait = TimeSpan.FromMilliseconds(60), GiveUpAfter = TimeSpan.FromMilliseconds(500) },
        });
        test.Content.Add("a", 2000);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");
        Assert.Equal([1, 1, 1], new[] { client.Data().Block, client.Data().Block, client.Data().Block });

        Assert.StartsWith("failed a: no answer for ", (await test.Observer.SeenAsync()).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loss_in_a_window_is_resent_from_there()
    {
        await using var test = new TftpTestServer();
        var file = test.Content.Add("a", 100_000);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a", "blksize=1000 windowsize=8");
        client.OptionAck();
        client.Ack(0);
        Assert.Equal(Enumerable.Range(1, 8), Enumerable.Range(0, 8).Select(_ => client.Data().Block).ToList());

        client.Ack(3);
        var resent = Enumerable.Range(0, 8).Select(_ => client.Data()).ToList();
        Assert.Equal(Enumerable.Range(4, 8), resent.Select(data => data.Block));
        Assert.Equal(file[3000..11000], resent.SelectMany(data => data.Payload));
    }
}
