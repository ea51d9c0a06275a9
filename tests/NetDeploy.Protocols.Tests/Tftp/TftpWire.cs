using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Protocols.Tests.Tftp;

/// <summary>How a client answers what it did not expect: taken from the boot loaders that do so.</summary>
public enum TftpClientManner
{
    /// <summary>One ACK for each gap, silence on repeats (RFC 7440).</summary>
    Standard,

    /// <summary>An ACK for each block that is not the next one.</summary>
    Edk2,

    /// <summary>An ACK for each repeat, silence on gaps.</summary>
    Grub,
}

/// <summary>What the wire does to each packet, in percent; delays between 0.1 ms and <paramref name="Jitter"/> reorder them.</summary>
public sealed record TftpWeather(int Drop, int Duplicate, TimeSpan Jitter);

/// <summary>One transfer over a simulated wire, in simulated time: the state machine on one side, a model of a client on the other.</summary>
public sealed class TftpWire(TftpTerms terms, TftpClientManner manner, TftpWeather weather, int seed)
{
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(1);

    private readonly Random _random = new(seed);
    private readonly PriorityQueue<(bool ToClient, long Block, int Wire), (TimeSpan, int)> _flying = new();
    private TftpTransfer _server;
    private TimeSpan _now;
    private TimeSpan _clientWakes = ClientPatience;
    private int _order;
    private bool _offerSeen;
    private int _sinceAck;
    private bool _complained;

    /// <summary>Blocks that the client took, in order.</summary>
    public long Received { get; private set; }

    /// <summary>Bytes that the client took.</summary>
    public long Bytes { get; private set; }

    public TftpActionKind Outcome { get; private set; }

    public long BlocksSent { get; private set; }

    public TimeSpan Duration => _now;

    public TftpWire Run()
    {
        Server(TftpTransfer.Begin(terms, new TftpTimings(), _now));
        for (var events = 0; Outcome == TftpActionKind.None; events++)
        {
            Assert.True(events < 20_000_000, "the transfer never ends");
            var arrives = _flying.TryPeek(out _, out var due) ? due.Item1 : TimeSpan.MaxValue;
            var next = new[] { arrives, _server.Deadline, _clientWakes }.Min();
            _now = next > _now ? next : _now;
            if (next == arrives)
            {
                var (toClient, block, wire) = _flying.Dequeue();
                if (toClient)
                {
                    Client(block, wire);
                }
                else
                {
                    Server(block < 0 ? _server.OnRequestRepeated(_now) : _server.OnAck((ushort)wire, _now));
                }
            }
            else if (next == _server.Deadline)
            {
                Server(_server.OnTimer(_now));
            }
            else
            {
                Ack();
            }
        }

        return this;
    }

    private void Server(TftpStep step)
    {
        _server = step.Next;
        switch (step.Action.Kind)
        {
            case TftpActionKind.SendOptionAck:
                Throw(true, 0, 0);
                break;
            case TftpActionKind.SendBlocks:
                Assert.InRange(step.Action.BlockCount, 1, terms.WindowSize);
                for (var block = step.Action.FirstBlock; block < step.Action.FirstBlock + step.Action.BlockCount; block++)
                {
                    Assert.InRange(block, 1, terms.BlockCount);
                    BlocksSent++;
                    Throw(true, block, TftpBlockNumber.ToWire(block, terms.Rollover));
                }

                break;
            case TftpActionKind.Complete or TftpActionKind.GiveUp:
                Outcome = step.Action.Kind;
                break;
        }
    }

    private void Client(long block, int wire)
    {
        if (block == 0)
        {
            if (Received == 0)
            {
                _offerSeen = true;
                Ack();
            }

            return;
        }

        // The client knows only the 16 bits; the simulation checks that they meant this block.
        var expected = TftpBlockNumber.ToWire(Received + 1, terms.Rollover);
        if (wire == expected && Received < terms.BlockCount)
        {
            Assert.Equal(Received + 1, block);
            _offerSeen = true;
            _complained = false;
            Received = block;
            Bytes += terms.PayloadLength(block);
            if (++_sinceAck == terms.WindowSize || Received == terms.BlockCount)
            {
                Ack();
            }

            return;
        }

        var repeat = block <= Received;
        var answers = manner switch
        {
            TftpClientManner.Edk2 => true,
            TftpClientManner.Grub => repeat,
            _ => repeat ? Received == terms.BlockCount : !_complained,
        };
        if (answers)
        {
            _complained = true;
            Ack();
        }
    }

    private void Ack()
    {
        _clientWakes = _now + ClientPatience;
        _sinceAck = 0;
        if (!_offerSeen && !terms.Agreed.IsEmpty || (Received == 0 && terms.Agreed.IsEmpty))
        {
            Throw(false, -1, 0);
            return;
        }

        Throw(false, Received, TftpBlockNumber.ToWire(Received, terms.Rollover));
    }

    private void Throw(bool toClient, long block, int wire)
    {
        if (_random.Next(100) < weather.Drop)
        {
            return;
        }

        var copies = _random.Next(100) < weather.Duplicate ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            var delay = TimeSpan.FromMilliseconds(0.1) + (weather.Jitter * _random.NextDouble());
            _flying.Enqueue((toClient, block, wire), (_now + delay, _order++));
        }
    }
}
