namespace NetDeploy.Lab.Tests.Kills;

/// <summary>
/// When the server of one life dies: right after an answer of some kind, a moment after a request of some kind left, or after a
/// time. Whatever was chosen, it dies after <see cref="Longest"/>.
/// </summary>
internal sealed class Fuse
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(900);

    /// <summary>Those whose loss costs a disk come more often.</summary>
    private static readonly string[] Kinds = ["claim", "claim", "claim", "written", "installed", "progress", "script", "deploy", "apply", "secret", "failed", "log", "cancel"];

    private readonly ServeProcess _server;
    private readonly string? _afterAnswer;
    private readonly string? _afterRequest;
    private readonly TimeSpan _delay;
    private readonly TimeSpan _limit;
    private int _left;

    public Fuse(ServeProcess server, Random random)
    {
        _server = server;
        _left = random.Next(1, 4);
        _limit = Longest;
        switch (random.Next(3))
        {
            case 0:
                _afterAnswer = Kinds[random.Next(Kinds.Length)];
                break;
            case 1:
                _afterRequest = Kinds[random.Next(Kinds.Length)];
                _delay = TimeSpan.FromMicroseconds(random.Next(0, 8000));
                break;
            default:
                _limit = random.NextDouble() * Longest;
                break;
        }
    }

    public override string ToString() =>
        _afterAnswer is not null ? $"after answer {_left} to {_afterAnswer}"
        : _afterRequest is not null ? $"{_delay.TotalMilliseconds:0.0} ms after {_afterRequest} {_left}"
        : $"after {_limit.TotalMilliseconds:0} ms";

    /// <summary>Burns down at the latest after its time.</summary>
    public async Task BurnAsync()
    {
        await Task.Delay(_limit);
        _server.Kill();
    }

    public void Sent(string kind)
    {
        if (kind == _afterRequest && Interlocked.Decrement(ref _left) == 0)
        {
            _ = LaterAsync();
        }
    }

    /// <summary>On the thread that has the answer, before anything else.</summary>
    public void Answered(string kind)
    {
        if (kind == _afterAnswer && Interlocked.Decrement(ref _left) == 0)
        {
            _server.Kill();
        }
    }

    private async Task LaterAsync()
    {
        // Timers tick in milliseconds; the moment wanted lies between two.
        await Task.Yield();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.Elapsed < _delay)
        {
            await Task.Yield();
        }

        _server.Kill();
    }
}
