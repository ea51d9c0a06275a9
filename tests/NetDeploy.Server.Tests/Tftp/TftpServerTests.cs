using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

public sealed class TftpServerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(5000)]
    public async Task A_file_arrives_whole(int length)
    {
        await using var test = new TftpTestServer();
        var file = test.Content.Add("boot/loader", length);
        using var client = new TftpTestClient(test.EndPoint);

        Assert.Equal(file, client.Read(@"\boot//loader"));
        Assert.Equal([$"completed boot/loader {length}"], await test.Observer.SeenAsync());
    }

    [Theory]
    [InlineData(1, 1432, 3_000_000)]
    [InlineData(16, 1432, 3_000_000)]
    [InlineData(64, 1000, 3_000_000)]
    [InlineData(64, 8, 600_000)]
    public async Task A_large_file_arrives_in_windows_while_it_is_read_ahead(int window, int blockSize, int length)
    {
        await using var test = new TftpTestServer();
        var file = test.Content.Add("initrd", length);
        using var client = new TftpTestClient(test.EndPoint);

        Assert.Equal(file, client.Read("initrd", $"blksize={blockSize} windowsize={window}", blockSize, window));
        Assert.Equal([$"completed initrd {length}"], await test.Observer.SeenAsync());
    }

    [Fact]
    public async Task A_missing_file_is_ERROR_1_at_once()
    {
        await using var test = new TftpTestServer();
        using var client = new TftpTestClient(test.EndPoint);

        client.Request("revocations_sku.efi", "tsize=0 blksize=1468");
        Assert.Equal(TftpErrorCode.FileNotFound, client.ErrorReceived().Code);
        client.Request("/");
        Assert.Equal(TftpErrorCode.FileNotFound, client.ErrorReceived().Code);
        Assert.Equal(["not found revocations_sku.efi"], await test.Observer.SeenAsync());
    }

    [Fact]
    public async Task Writing_and_strange_modes_are_refused()
    {
        await using var test = new TftpTestServer();
        using var client = new TftpTestClient(test.EndPoint);

        client.Request("x", write: true);
        Assert.Equal(TftpErrorCode.AccessViolation, client.ErrorReceived().Code);
        client.Request("x", mode: "mail");
        Assert.Equal(TftpErrorCode.IllegalOperation, client.ErrorReceived().Code);
        client.Raw([0, 1, 65, 0]);
        Assert.Equal(TftpErrorCode.IllegalOperation, client.ErrorReceived().Code);
    }

    [Fact]
    public async Task Text_mode_is_text_and_bounded()
    {
        await using var test = new TftpTestServer(options => options with { MaxNetasciiBytes = 100 });
        test.Content.Files["menu"] = "one\ntwo\n"u8.ToArray();
        test.Content.Add("kernel", 101);
        using var client = new TftpTestClient(test.EndPoint);

        client.Request("menu", mode: "NetAscii", options: "tsize=0");
        Assert.Equal("tsize=10", client.OptionAck());
        client.Ack(0);
        Assert.Equal("one\r\ntwo\r\n"u8.ToArray(), client.Data().Payload);
        client.Ack(1);

        client.Request("kernel", mode: "netascii");
        Assert.Equal(TftpErrorCode.NotDefined, client.ErrorReceived().Code);
    }

    [Fact]
    public async Task Garbage_harms_neither_the_server_nor_a_transfer()
    {
        await using var test = new TftpTestServer();
        var file = test.Content.Add("a", 5000);
        using var client = new TftpTestClient(test.EndPoint);
        using var fool = new TftpTestClient(test.EndPoint);
        client.Request("a");
        var random = new Random(1);
        using var got = new MemoryStream();
        for (var block = 1; block <= 10; block++)
        {
            var (number, payload) = client.Data();
            Assert.Equal(block, number);
            got.Write(payload);
            for (var i = 0; i < 50; i++)
            {
                fool.Raw(Garbage(random, opcode: random.Next(0, 9)));
                // From the client itself, but neither an ACK nor an ERROR.
                client.Raw(Garbage(random, opcode: random.Next(6, 9)), client.Peer);
                client.Raw(Garbage(random, opcode: random.Next(1, 4)), client.Peer);
            }

            fool.Raw(new byte[9000]);
            client.Ack(block);
        }

        Assert.Equal(file, got.ToArray());
        Assert.Contains("completed a 5000", await test.Observer.SeenAsync());
        Assert.False(test.Server.Completion.IsCompleted);
    }

    private static byte[] Garbage(Random random, int opcode)
    {
        var packet = new byte[random.Next(0, 80)];
        random.NextBytes(packet);
        if (packet.Length > 1)
        {
            packet[0] = 0;
            packet[1] = (byte)opcode;
        }

        return packet;
    }

    [Fact]
    public async Task A_request_to_everybody_is_left_to_others()
    {
        await using var test = new TftpTestServer(address: IPAddress.Any);
        var file = test.Content.Add("a", 10);
        using var client = new TftpTestClient(new IPEndPoint(IPAddress.Parse("127.255.255.255"), test.EndPoint.Port));
        client.Request("a");
        Assert.True(client.HearsNothing());

        using var direct = new TftpTestClient(new IPEndPoint(IPAddress.Loopback, test.EndPoint.Port));
        Assert.Equal(file, direct.Read("a"));
    }

    [Fact]
    public async Task What_happens_is_counted()
    {
        using var listener = new MeterListener();
        var counts = new ConcurrentDictionary<string, long>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "NetDeploy.Tftp")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            counts.AddOrUpdate($"{instrument.Name} {(tags.IsEmpty ? "" : tags[0].Value)}".Trim(), value, (_, sum) => sum + value));
        listener.Start();

        await using var test = new TftpTestServer();
        test.Content.Add("a", 12_345);
        using var client = new TftpTestClient(test.EndPoint);
        client.Read("a");
        client.Request("absent");
        client.ErrorReceived();
        client.Request("a", write: true);
        client.ErrorReceived();
        await test.Observer.SeenAsync(2);

        // Other tests of this process count under the same names.
        Assert.All(
            ["netdeploy.tftp.requests accepted", "netdeploy.tftp.requests write", "netdeploy.tftp.transfers completed", "netdeploy.tftp.transfers not-found"],
            name => Assert.True(counts.GetValueOrDefault(name) >= 1, name));
        Assert.True(counts.GetValueOrDefault("netdeploy.tftp.sent") >= 12_345);
    }

    [Fact]
    public async Task Answers_come_from_the_address_that_was_asked_and_from_a_fresh_port()
    {
        await using var test = new TftpTestServer(address: IPAddress.Any);
        test.Content.Add("a", 10);
        var asked = new IPEndPoint(IPAddress.Parse("127.0.0.7"), test.EndPoint.Port);
        using var client = new TftpTestClient(asked);

        client.Request("a");
        client.Data();
        Assert.Equal(asked.Address, client.Peer.Address);
        Assert.NotEqual(asked.Port, client.Peer.Port);
        client.Ack(1);
        client.Request("absent");
        client.ErrorReceived();
        Assert.Equal(asked.Address, client.Peer.Address);
    }

    [Fact]
    public async Task In_single_port_mode_everything_comes_from_the_asked_address_and_port()
    {
        await using var test = new TftpTestServer(options => options with { SinglePort = true }, address: IPAddress.Any);
        var file = test.Content.Add("a", 300_000);
        var asked = new IPEndPoint(IPAddress.Parse("127.0.0.8"), test.EndPoint.Port);
        using var client = new TftpTestClient(asked);

        Assert.Equal(file, client.Read("a", "blksize=1428 windowsize=16", 1428, 16));
        Assert.Equal(asked, client.Peer);
        client.Request("absent");
        client.ErrorReceived();
        Assert.Equal(asked, client.Peer);
    }

    [Fact]
    public async Task It_serves_IPv6()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "needs IPv6");
        await using var test = new TftpTestServer(address: IPAddress.IPv6Any);
        var file = test.Content.Add("a", 300_000);
        using var client = new TftpTestClient(new IPEndPoint(IPAddress.IPv6Loopback, test.EndPoint.Port));

        Assert.Equal(file, client.Read("a", "blksize=1428 windowsize=16", 1428, 16));
        Assert.Equal(IPAddress.IPv6Loopback, client.Peer.Address);
    }

    [Fact]
    public async Task Clients_of_other_subnets_hear_nothing_also_after_a_change()
    {
        var network = IPNetwork.Parse("127.1.0.0/16");
        await using var test = new TftpTestServer(options => options with { Serves = client => network.Contains(client) }, address: IPAddress.Any);
        var file = test.Content.Add("a", 10);
        using var other = new TftpTestClient(new IPEndPoint(IPAddress.Loopback, test.EndPoint.Port));
        using var ours = new TftpTestClient(new IPEndPoint(IPAddress.Loopback, test.EndPoint.Port), from: IPAddress.Parse("127.1.2.3"));

        other.Request("a");
        Assert.True(other.HearsNothing());
        Assert.Equal(file, ours.Read("a"));
        network = IPNetwork.Parse("127.0.0.0/16");
        using var now = new TftpTestClient(new IPEndPoint(IPAddress.Loopback, test.EndPoint.Port));
        Assert.Equal(file, now.Read("a"));
    }

    [Fact]
    public async Task A_refused_file_is_an_access_violation_and_the_reason_stays_here()
    {
        await using var test = new TftpTestServer();
        test.Content.Refused["a"] = "leased to another";
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");
        Assert.Equal((TftpErrorCode.AccessViolation, "access violation"), (client.ErrorReceived() is var error ? error.Code : default, error.Message));
        Assert.Equal(["failed a: refused: leased to another"], await test.Observer.SeenAsync());
    }

    [Fact]
    public async Task A_loop_that_dies_is_told_and_leaves_nothing_that_cannot_be_closed()
    {
        var clock = new BreakableClock();
        var test = new TftpTestServer(clock: clock);
        clock.Broken = true;
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => test.Server.Completion.WaitAsync(TimeSpan.FromSeconds(40), TestContext.Current.CancellationToken));
        Assert.Equal("the clock is broken", failure.Message);
        Assert.Contains(test.Log.Lines, line => line.Level == Microsoft.Extensions.Logging.LogLevel.Critical);
        await test.DisposeAsync();
    }

    private sealed class BreakableClock : TimeProvider
    {
        private volatile bool _broken;

        public bool Broken
        {
            set => _broken = value;
        }

        public override long GetTimestamp() => _broken ? throw new InvalidOperationException("the clock is broken") : base.GetTimestamp();
    }

    [Fact]
    public async Task A_server_that_stops_says_so()
    {
        var test = new TftpTestServer();
        test.Content.Add("a", 1000);
        using var client = new TftpTestClient(test.EndPoint);
        client.Request("a");
        client.Data();

        await test.DisposeAsync();
        Assert.Equal("the server stops", client.ErrorReceived().Message);
        Assert.True(test.Server.Completion.IsCompletedSuccessfully);
        Assert.Equal(["failed a: the server stops"], await test.Observer.SeenAsync());
    }

    [Fact]
    public async Task An_observer_that_throws_is_logged_and_harms_nobody()
    {
        var log = new RecordingLogger();
        var content = new MemoryContent();
        var file = content.Add("a", 10);
        await using var server = new TftpServer(
            new TftpOptions { Listen = [new IPEndPoint(IPAddress.Loopback, 0)] }, content, new BrokenObserver(), log, TimeProvider.System);
        server.Start();
        using var client = new TftpTestClient(server.EndPoints[0]);

        Assert.Equal(file, client.Read("a"));
        Assert.Equal(file, client.Read("a"));
        Assert.Contains(log.Lines, line => line.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Fifty_clients_at_once_each_get_their_file()
    {
        await using var test = new TftpTestServer(options => options with { MaxTransfers = 20, MaxTransfersPerClient = 64 });
        var clients = Enumerable.Range(1, 50).Select(i => Task.Factory.StartNew(
            () =>
            {
                var file = test.Content.Add($"f{i}", 100_000 + i);
                using var client = new TftpTestClient(test.EndPoint);
                Assert.Equal(file, client.Read($"f{i}", "blksize=1400 windowsize=8", 1400, 8));
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));

        await Task.WhenAll(clients);
        Assert.Equal(50, (await test.Observer.SeenAsync(50)).Count(fact => fact.StartsWith("completed", StringComparison.Ordinal)));
    }

    private sealed class BrokenObserver : ITftpObserver
    {
        public void Completed(TftpReadRequest request, long bytes, TimeSpan duration) => throw new InvalidOperationException("broken");

        public void Failed(TftpReadRequest request, string reason) => throw new InvalidOperationException("broken");
    }
}
