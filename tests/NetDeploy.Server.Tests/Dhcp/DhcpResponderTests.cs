using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>From packet to reply without a network: what is on the disk when a reply leaves.</summary>
public sealed class DhcpResponderTests : IDhcpObserver, IBootOffers
{
    private readonly List<DhcpEvent> _events = [];

    [Fact]
    public void An_ack_leaves_after_the_sync_and_an_offer_without_one()
    {
        var storage = new FaultyStorage();
        using (var leases = Open(storage))
        {
            var responder = Responder(leases);
            var channel = new Channel(storage);
            responder.Handle(Packet(1, DhcpMessageType.Discover), Ingress, channel);
            Assert.Equal(["sent Offer"], storage.Happened);
            responder.Handle(Packet(1, DhcpMessageType.Request, "10.99.0.100"), Ingress, channel);
        }

        Assert.Equal(["sent Offer", "write", "sync", "sent Ack"], storage.Happened);
        Assert.Equal([DhcpMessageType.Offer, DhcpMessageType.Ack], _events.Select(e => e.Reply));
    }

    [Fact]
    public void What_was_acknowledged_is_there_after_a_power_cut_at_any_moment()
    {
        var storage = new FaultyStorage();
        using var leases = Open(storage);
        var responder = Responder(leases);
        var acknowledged = 0;
        var channel = new Channel(storage, () =>
        {
            // The moment of sending: the power is cut, and another server starts with what was synced.
            acknowledged++;
            var path = Path.GetTempFileName();
            File.WriteAllBytes(path, storage.Synced("leases"));
            using (var after = LeaseStore.Open(path, TimeProvider.System, NullLogger<LeaseStore>.Instance))
            {
                Assert.True(after.All().Count >= acknowledged);
            }

            File.Delete(path);
        });
        for (byte i = 1; i <= 8; i++)
        {
            responder.Handle(Packet(i, DhcpMessageType.Request, $"10.99.0.{100 + i}"), Ingress, channel);
        }

        leases.Dispose();
        Assert.Equal(8, acknowledged);
    }

    [Fact]
    public void A_full_disk_means_no_ack_and_no_lease_and_then_the_server_goes_on()
    {
        var storage = new FaultyStorage { DiskFull = true };
        using var leases = Open(storage);
        var responder = Responder(leases);
        var channel = new Channel(storage);
        responder.Handle(Packet(1, DhcpMessageType.Request, "10.99.0.100"), Ingress, channel);
        Wait(() => _events.Count == 1);
        Assert.Equal((DhcpMessageType.None, "the lease could not be written to disk"), (_events[0].Reply, _events[0].Reason));
        Assert.Null(leases.FindByAddress(IPAddress.Parse("10.99.0.100")));

        storage.DiskFull = false;
        responder.Handle(Packet(2, DhcpMessageType.Request, "10.99.0.100"), Ingress, channel);
        Wait(() => _events.Count == 2);
        Assert.Equal(DhcpMessageType.Ack, _events[1].Reply);
        Assert.Equal("02:00:00:00:00:02", leases.FindByAddress(IPAddress.Parse("::ffff:10.99.0.100"))?.Mac.ToString());
    }

    [Fact]
    public void A_journal_on_a_full_disk_never_loses_what_it_had()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("ndt-leases-").FullName, "leases");
        using (var leases = LeaseStore.Open(path, TimeProvider.System, NullLogger<LeaseStore>.Instance, new JournalCommitterOptions { CompactAt = 200 }))
        {
            var responder = Responder(leases);
            for (var round = 0; round < 20; round++)
            {
                foreach (byte i in (byte[])[1, 2, 3])
                {
                    responder.Handle(Packet(i, DhcpMessageType.Request, $"10.99.0.{100 + i}"), Ingress, new Channel(new FaultyStorage()));
                    responder.Handle(Packet(i, DhcpMessageType.Release, ciaddr: $"10.99.0.{100 + i}"), Ingress, new Channel(new FaultyStorage()));
                }

                responder.Handle(Packet(4, DhcpMessageType.Request, "10.99.0.104"), Ingress, new Channel(new FaultyStorage()));
            }
        }

        // 120 changes of some 70 bytes each: compaction keeps four.
        Assert.True(new FileInfo(path).Length < 3000, "not compacted");
        using (var again = LeaseStore.Open(path, TimeProvider.System, NullLogger<LeaseStore>.Instance))
        {
            Assert.Equal("10.99.0.104", Assert.Single(again.All()).Address.ToString());
        }

        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public async Task Forgetting_a_nic_frees_its_address_durably()
    {
        var storage = new FaultyStorage();
        using (var leases = Open(storage))
        {
            Responder(leases).Handle(Packet(1, DhcpMessageType.Request, "10.99.0.100"), Ingress, new Channel(storage));
            await leases.ForgetAsync(MacAddress.Parse("02:00:00:00:00:01"));
            Assert.Empty(leases.All());
            storage.DiskFull = true;
            await leases.ForgetAsync(MacAddress.Parse("02:00:00:00:00:09"));
        }

        using var again = Open(storage);
        Assert.Empty(again.All());
    }

    [Fact]
    public void Rubbish_is_counted_and_nothing_else()
    {
        var storage = new FaultyStorage();
        using var leases = Open(storage);
        Responder(leases).Handle([1, 2, 3], Ingress, new Channel(storage));
        Assert.Empty(_events);
        Assert.Empty(storage.Happened);
    }

    void IDhcpObserver.Decided(DhcpEvent decision)
    {
        lock (_events)
        {
            _events.Add(decision);
        }
    }

    BootOffer? IBootOffers.Offer(BootClient client, NetworkSpecRef network, out string reason)
    {
        reason = "test";
        return null;
    }

    private static Ingress Ingress { get; } = new("test0", Ipv4Address.Parse("10.99.0.1"), false);

    private static void Wait(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(10)));

    private static LeaseStore Open(FaultyStorage storage) =>
        LeaseStore.Open("leases", TimeProvider.System, NullLogger<LeaseStore>.Instance, storage: storage);

    private DhcpResponder Responder(LeaseStore leases)
    {
        var snapshot = TestServer.Compile();
        return new DhcpResponder(leases, () => snapshot, this, this, TimeProvider.System, new DhcpMetrics(), NullLogger.Instance);
    }

    private static byte[] Packet(byte client, DhcpMessageType type, string? requested = null, string? ciaddr = null)
    {
        var options = new DhcpOptionsBuilder().Add(type);
        if (requested is not null)
        {
            options.Add(DhcpOptionCode.RequestedAddress, Ipv4Address.Parse(requested));
        }

        var buffer = new byte[DhcpEncoder.MaximumLength];
        var written = DhcpEncoder.Write(
            new DhcpPacket
            {
                Op = DhcpOp.Request,
                HardwareAddress = new byte[] { 2, 0, 0, 0, 0, client },
                ClientAddress = ciaddr is null ? Ipv4Address.Any : Ipv4Address.Parse(ciaddr),
                Options = options.Build(),
            },
            576, buffer);
        return buffer[..written.Length];
    }

    private sealed class Channel(FaultyStorage storage, Action? onSend = null) : IReplyChannel
    {
        public void Send(ReadOnlySpan<byte> reply, ReplyRoute route)
        {
            Assert.True(DhcpDecoder.TryRead(reply, out var packet, out _));
            storage.Note($"sent {packet.MessageType}");
            onSend?.Invoke();
        }
    }
}
