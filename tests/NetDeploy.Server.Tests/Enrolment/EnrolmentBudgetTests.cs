using Microsoft.Extensions.Time.Testing;
using NetDeploy.Server.Enrolment;

namespace NetDeploy.Server.Tests.Enrolment;

/// <summary>So many a minute, also where all ask at once; what came to nothing cost nothing.</summary>
public sealed class EnrolmentBudgetTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Attempts_at_once_get_no_more_room_than_there_is_and_the_next_minute_has_it_again()
    {
        var budget = new EnrolmentBudget(_clock);
        var turns = await Task.WhenAll(Enumerable.Range(0, 4 * EnrolmentBudget.PerMinute).Select(_ => Task.Run(budget.TryTake)));
        foreach (var turn in turns.OfType<EnrolmentBudget.Turn>())
        {
            turn.Keep();
            turn.Dispose();
        }

        Assert.Equal(EnrolmentBudget.PerMinute, turns.Count(t => t is not null));
        Assert.Null(budget.TryTake());
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(budget.TryTake());
    }

    [Fact]
    public void What_came_to_nothing_is_given_back_once()
    {
        var budget = new EnrolmentBudget(_clock);
        var failed = budget.TryTake()!;
        for (var i = 1; i < EnrolmentBudget.PerMinute; i++)
        {
            Assert.NotNull(budget.TryTake());
        }

        Assert.Null(budget.TryTake());
        failed.Dispose();
        failed.Dispose();
        Assert.NotNull(budget.TryTake());
        Assert.Null(budget.TryTake());
    }
}
