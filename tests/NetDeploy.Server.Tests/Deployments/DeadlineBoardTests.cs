using Microsoft.Extensions.Time.Testing;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>One timer for all deadlines, however often they are put off.</summary>
public sealed class DeadlineBoardTests
{
    private readonly CountingClock _clock = new();
    private readonly List<string> _passed = [];

    [Fact]
    public async Task A_deadline_that_is_put_off_with_each_line_costs_no_search_among_all_and_passes_in_its_time()
    {
        await using var board = Board();
        for (var i = 0; i < 100; i++)
        {
            board.Arm($"d{i}", 1, TimeSpan.FromMinutes(20));
        }

        _clock.Advance(TimeSpan.FromMinutes(10));
        var before = _clock.Changes;
        for (var line = 0; line < 1000; line++)
        {
            board.Arm("d7", 1, TimeSpan.FromMinutes(20));
        }

        Assert.Equal(before, _clock.Changes);
        _clock.Advance(TimeSpan.FromMinutes(10));
        await board.SettledAsync();
        Assert.Equal(99, _passed.Count);
        Assert.DoesNotContain("d7", _passed);
        _clock.Advance(TimeSpan.FromMinutes(10));
        await board.SettledAsync();
        Assert.Equal("d7", _passed[^1]);
    }

    [Fact]
    public async Task A_deadline_that_comes_nearer_passes_in_its_time()
    {
        await using var board = Board();
        board.Arm("d1", 1, TimeSpan.FromMinutes(20));
        board.Arm("d1", 2, TimeSpan.FromMinutes(5));

        _clock.Advance(TimeSpan.FromMinutes(5));
        await board.SettledAsync();

        Assert.Equal(["d1"], _passed);
    }

    private DeadlineBoard Board() => new(
        _clock,
        (id, _) =>
        {
            _passed.Add(id);
            return Task.CompletedTask;
        },
        (id, failure) => Assert.Fail($"{id}: {failure}"));

    /// <summary>Counts how often timers were set anew: each costs a look at every deadline.</summary>
    private sealed class CountingClock : FakeTimeProvider
    {
        public int Changes { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this, base.CreateTimer(callback, state, dueTime, period));

        private sealed class Timer(CountingClock clock, ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                clock.Changes++;
                return inner.Change(dueTime, period);
            }

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
