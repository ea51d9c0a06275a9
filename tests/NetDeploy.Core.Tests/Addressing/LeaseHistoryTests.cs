using CsCheck;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Tests.Addressing;

/// <summary>Random histories of clients, time, reservations and failed writes, checked against what clients believe.</summary>
public sealed class LeaseHistoryTests
{
    private enum Act
    {
        Discover,
        Select,
        Reboot,
        Renew,
        Release,
        Decline,
        Inform,
        Wait,
        Reserve,
        Restart,
    }

    [Fact]
    public void No_two_live_clients_hold_one_address_and_a_client_keeps_its_own() =>
        Gen.Select(Gen.Enum<Act>(), Gen.Int[0, 6], Gen.Int[0, 9], Gen.Bool).List[1, 120].Sample(
            history =>
            {
                var model = new Model();
                foreach (var (act, client, number, written) in history)
                {
                    model.Do(act, client, number, written || number > 2);
                    model.Check();
                }
            },
            iter: 3000);

    /// <summary>Seven clients on four pool addresses. What a client holds is what it was acknowledged, until its end.</summary>
    private sealed class Model
    {
        private readonly Dictionary<int, (Ipv4Address Address, DateTimeOffset Until)> _held = [];
        private readonly Dictionary<int, Ipv4Address> _offered = [];
        private World _world = new();

        public void Do(Act act, int client, int number, bool written)
        {
            switch (act)
            {
                case Act.Wait:
                    _world.Now += TimeSpan.FromMinutes(number * number);
                    break;
                case Act.Reserve:
                    _world.Reserve(number < 4 ? [World.Reservation($"10.77.0.{100 + number}", Mac(client))] : []);
                    break;
                case Act.Restart:
                    Restart();
                    break;
                case Act.Discover when Send(client, Packet(client, DhcpMessageType.Discover), written) is { Reply: DhcpMessageType.Offer } offer:
                    _offered[client] = offer.Address;
                    break;
                case Act.Select when _offered.TryGetValue(client, out var address):
                    Take(client, Send(client, Packet(client, DhcpMessageType.Request, address.ToString(), "10.77.0.1"), written), written);
                    break;
                case Act.Reboot:
                    Take(client, Send(client, Packet(client, DhcpMessageType.Request, $"10.77.0.{99 + number}"), written), written);
                    break;
                case Act.Renew when _held.TryGetValue(client, out var held):
                    Take(client, Send(client, Packet(client, DhcpMessageType.Request, ciaddr: held.Address.ToString()), written), written);
                    break;
                case Act.Release when _held.Remove(client, out var released):
                    Send(client, Packet(client, DhcpMessageType.Release, server: "10.77.0.1", ciaddr: released.Address.ToString()), written);
                    break;
                case Act.Decline when _held.Remove(client, out var declined):
                    Send(client, Packet(client, DhcpMessageType.Decline, declined.Address.ToString(), "10.77.0.1"), written);
                    break;
                case Act.Inform:
                    Assert.Empty(Send(client, Packet(client, DhcpMessageType.Inform, ciaddr: "10.77.0.101"), written).Changes);
                    break;
            }
        }

        public void Check()
        {
            foreach (var client in _held.Where(h => h.Value.Until <= _world.Now).Select(h => h.Key).ToList())
            {
                _held.Remove(client);
            }

            var addresses = _held.Values.Select(h => h.Address).ToList();
            Assert.Equal(addresses.Count, addresses.Distinct().Count());
            foreach (var (client, (address, until)) in _held)
            {
                // The promise is on the disk: no crash breaks it.
                var durable = _world.Table.DurableAt(address);
                Assert.True(durable is { State: LeaseState.Bound } && durable.Mac == MacAddress.Parse(Mac(client)), $"{address} of client {client} is not durable");
                Assert.True(durable!.ExpiresAt >= until.ToUnixTimeMilliseconds() - 999);
            }
        }

        private AddressingDecision Send(int client, DhcpPacket packet, bool written)
        {
            var decision = _world.Decide(packet);
            foreach (var change in decision.Changes)
            {
                _world.Table.Put(change);
            }

            if (decision.Reply is DhcpMessageType.Offer && _held.TryGetValue(client, out var held) && _world.Snapshot.Subnets[0].ReservationOf(MacAddress.Parse(Mac(client))) is null
                && _world.Snapshot.Subnets[0].ReservationAt(held.Address) is null)
            {
                Assert.Equal(held.Address, decision.Address);
            }

            if (decision.NeedsJournal)
            {
                foreach (var change in decision.Changes.Reverse())
                {
                    if (!written)
                    {
                        _world.Table.Revert(change);
                    }
                    else if (change.State is not (LeaseState.Offered or LeaseState.Withdrawn))
                    {
                        _world.Table.Confirm(change);
                    }
                }
            }

            return decision;
        }

        private void Take(int client, AddressingDecision decision, bool written)
        {
            if (decision.Reply is DhcpMessageType.Ack && (written || !decision.NeedsJournal))
            {
                _held[client] = (decision.Address, _world.Now + decision.LeaseTime!.Value);
            }
            else if (decision.Reply is DhcpMessageType.Nak)
            {
                _held.Remove(client);
            }
        }

        /// <summary>A crash: only what was confirmed is left.</summary>
        private void Restart()
        {
            var next = new World { Now = _world.Now };
            foreach (var lease in _world.Table.Durable)
            {
                next.Table.Load(lease);
            }

            _world = next;
            _offered.Clear();
        }

        private static string Mac(int client) => $"52:54:00:00:00:0{client}";

        /// <summary>Clients 0 to 3 netboot; 4 to 6 are plain, and 5 and 6 have identifiers.</summary>
        private static DhcpPacket Packet(int client, DhcpMessageType type, string? requested = null, string? server = null, string? ciaddr = null) =>
            Client.Packet(type, Mac(client), requested, server, ciaddr, client > 4 ? $"ff0{client}" : null, client < 4 ? Client.Pxe : null);
    }
}
