using System.Net;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>A neighbour that asks and never answers, from one address or from forged ones, and a machine that wants to boot.</summary>
public sealed class TftpFloodTests
{
    private static readonly IPAddress Machine = IPAddress.Parse("127.0.0.10");

    [Theory]
    [InlineData("")]
    [InlineData("blksize=1000 windowsize=16")]
    public async Task Requests_that_nobody_answers_make_place_for_one_that_is(string options)
    {
        await using var test = new TftpTestServer(o => o with { MaxTransfers = 4, MaxWaiting = 2, MaxTransfersPerClient = 2 });
        var file = test.Content.Add("a", 5000);
        using var flood = new Flood(test.EndPoint, addresses: 3, each: 2, options);
        using var machine = new TftpTestClient(test.EndPoint, Machine);
        Assert.Equal(file, machine.Read("a"));
        Assert.Contains(test.Log.Lines, l => l.Text.Contains("its client never answered", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_stops_answering_makes_place_and_is_told()
    {
        await using var test = new TftpTestServer(o => o with { MaxTransfers = 1, PatienceStanding = TimeSpan.FromMilliseconds(300) });
        var file = test.Content.Add("a", 5000);
        using var standing = new TftpTestClient(test.EndPoint);
        standing.Request("a", "blksize=1000");
        standing.OptionAck();
        standing.Ack(0);
        standing.Data();
        using var machine = new TftpTestClient(test.EndPoint, Machine);
        Assert.Equal(file, machine.Read("a"));
        Assert.Contains(test.Log.Lines, l => l.Text.Contains("its client stopped answering", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_nobody_waits_a_silent_client_keeps_its_place()
    {
        await using var test = new TftpTestServer(o => o with { MaxTransfers = 1, PatienceUnanswered = TimeSpan.FromMilliseconds(1) });
        test.Content.Add("a", 5);
        using var slow = new TftpTestClient(test.EndPoint);
        slow.Request("a");
        slow.Data();
        await Task.Delay(300, TestContext.Current.CancellationToken);
        slow.Ack(1);
        Assert.Equal(["completed a 5"], await test.Observer.SeenAsync());
    }

    /// <summary>Who waits with many requests gives way to who has few: the machine is neither refused nor last in line.</summary>
    [Fact]
    public async Task A_full_line_takes_a_newcomer_in_the_place_of_the_greediest()
    {
        await using var test = new TftpTestServer(o => o with
        {
            MaxTransfers = 1, MaxWaiting = 4, MaxTransfersPerClient = 10, PatienceUnanswered = TimeSpan.FromHours(1),
        });
        var file = test.Content.Add("a", 5);
        using var served = new TftpTestClient(test.EndPoint, IPAddress.Parse("127.0.0.66"));
        served.Request("a");
        served.Data();
        using var flood = new Flood(test.EndPoint, addresses: 1, each: 4, "");
        using var machine = new TftpTestClient(test.EndPoint, Machine);
        machine.Request("a");
        Assert.True(machine.HearsNothing());
        served.Ack(1);
        Assert.Equal(file, machine.Data().Payload);
    }

    private sealed class Flood : IDisposable
    {
        private readonly List<TftpTestClient> _clients = [];

        public Flood(IPEndPoint server, int addresses, int each, string options)
        {
            foreach (var i in Enumerable.Range(0, addresses * each))
            {
                var client = new TftpTestClient(server, IPAddress.Parse($"127.0.0.{66 + (i / each)}"));
                client.Request("a", options);
                _clients.Add(client);
            }

            // The last one is answered, or heard of: all are in the server's hands.
            _clients[0].HearsNothing(1000);
        }

        public void Dispose() => _clients.ForEach(c => c.Dispose());
    }
}
