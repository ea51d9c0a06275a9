using System.Diagnostics;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>
/// When the server of one life dies: right after an answer of some kind, a moment after a request of some kind left, or a moment
/// after some number of answers. Counted and not timed, so that a busy machine has lives as full as an idle one.
/// </summary>
internal sealed class Fuse
{
    /// <summary>What waits for a kind that does not come dies after so many of any.</summary>
    private const int Longest = 100;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Those whose loss costs a disk come more often.</summary>
    private static readonly string[] Kinds = ["claim", "claim", "claim", "written", "installed", "progress", "script", "deploy", "apply", "secret", "failed", "log", "cancel"];

    private readonly ServeProcess _server;
    private readonly TaskCompletionSource _burnt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string? _afterAnswer;
    private readonly string? _afterRequest;
    private readonly TimeSpan _delay;
    private int _left;
    private int _leftOfAny;

    public Fuse(ServeProcess server, Random random)
    {
        _server = server;
        _left = random.Next(1, 5);
        _leftOfAny = Longest;
        _delay = TimeSpan.FromMicroseconds(random.Next(0, 8000));
        switch (random.Next(3))
        {
            case 0:
                _afterAnswer = Kinds[random.Next(Kinds.Length)];
                break;
            case 1:
                _afterRequest = Kinds[random.Next(Kinds.Length)];
                break;
            default:
                _leftOfAny = random.Next(1, Longest);
                break;
        }
    }

    public override string ToString() =>
        _afterAnswer is not null ? $"after answer {_left} to {_afterAnswer}"
        : _afterRequest is not null ? $"{_delay.TotalMilliseconds:0.0} ms after {_afterRequest} {_left}"
        : $"{_delay.TotalMilliseconds:0.0} ms after answer {_leftOfAny}";

    /// <summary>Until it has killed the server.</summary>
    public async Task BurnAsync()
    {
        await Task.WhenAny(_burnt.Task, Task.Delay(Limit));
        Kill();
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
            Kill();
        }

        if (Interlocked.Decrement(ref _leftOfAny) == 0)
        {
            _ = LaterAsync();
        }
    }

    private async Task LaterAsync()
    {
        // Timers tick in milliseconds; the moment wanted lies between two.
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < _delay;)
        {
            await Task.Yield();
        }

        Kill();
    }

    private void Kill()
    {
        _server.Kill();
        _burnt.TrySetResult();
    }
}
