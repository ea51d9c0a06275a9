using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

/// <summary>
/// Workers that die at any durable step. A death is an exception that no handler of the worker takes; its locks go as
/// the kernel would free them, and nothing else is tidied. (Real kills: WorkerKillTests.)
/// </summary>
public sealed class SpoolCrashTests
{
    [Fact]
    public async Task A_worker_may_die_after_each_single_step_of_each_kind_of_request()
    {
        var steps = new HashSet<string>();
        for (var death = 1; ; death++)
        {
            using var fixture = new SpoolFixture();
            fixture.Store.Request("k", SpoolFixture.Spec());
            fixture.Store.Request("fails", SpoolFixture.Spec("broken"));
            fixture.Builder.During = (spec, _) => spec.Release == "broken"
                ? throw new ImageBuilderException(ImageFailureKind.Other, "broken", "none")
                : Task.CompletedTask;
            var left = death;
            var worker = fixture.Worker(Die, keep: 1);
            var died = false;
            try
            {
                await fixture.DrainAsync(worker);
                fixture.Store.Refresh("k", SpoolFixture.Spec());
                await fixture.DrainAsync(worker);
            }
            catch (SimulatedDeath)
            {
                died = true;
            }

            fixture.AssertIndexIsWhole();
            fixture.Store.Refresh("k", SpoolFixture.Spec());
            await fixture.DrainAsync(fixture.Worker(keep: 1));
            fixture.Worker(keep: 1).Prune();
            fixture.AssertIndexIsWhole();
            fixture.AssertNothingIsLeftOver();
            Assert.IsType<ImageState.Ready>(fixture.Store.State("k"));
            Assert.IsType<ImageState.Failed>(fixture.Store.State("fails"));
            if (!died)
            {
                break;
            }

            void Die(string step)
            {
                steps.Add(step);
                if (--left == 0)
                {
                    throw new SimulatedDeath();
                }
            }
        }

        // Every checkpoint of the worker was one of the places of death.
        Assert.Equal(["attempt", "blob", "built", "cleared", "done", "failed", "index", "removed", "taken", "unfailed"], steps.Order());
    }

    [Theory]
    [InlineData(1, 1500)]
    [InlineData(2, 1500)]
    public async Task Random_histories_of_requests_and_deaths_lose_nothing(int seed, int histories)
    {
        var random = new Random(seed);
        for (var history = 0; history < histories; history++)
        {
            using var fixture = new SpoolFixture();
            var refreshed = new Dictionary<string, long>();
            for (var step = 0; step < random.Next(2, 8); step++)
            {
                var key = $"k{random.Next(2)}";
                switch (random.Next(5))
                {
                    case 0:
                        fixture.Store.Refresh(key, SpoolFixture.Spec());
                        refreshed[key] = fixture.Store.Find(key)?.Generation ?? 0;
                        break;
                    case 1:
                        fixture.Store.Request(key, SpoolFixture.Spec());
                        refreshed.TryAdd(key, 0);
                        break;
                    default:
                        var left = random.Next(1, 12);
                        try
                        {
                            await fixture.Worker(_ =>
                            {
                                if (--left == 0)
                                {
                                    throw new SimulatedDeath();
                                }
                            }).ProcessNextAsync(TestContext.Current.CancellationToken);
                        }
                        catch (SimulatedDeath)
                        {
                            // Its spool is what the next one finds.
                        }

                        break;
                }

                fixture.AssertIndexIsWhole();
            }

            await fixture.DrainAsync();
            fixture.Worker().Prune();
            fixture.AssertIndexIsWhole();
            fixture.AssertNothingIsLeftOver();
            foreach (var (key, generation) in refreshed)
            {
                switch (fixture.Store.State(key))
                {
                    case ImageState.Ready ready:
                        Assert.True(ready.Entry.Generation >= Math.Max(1, generation), $"seed {seed}, history {history}: {key} is not new enough");
                        break;
                    case ImageState.Failed { Failure.Kind: ImageFailureKind.WorkerDied }:
                        break;
                    case var other:
                        Assert.Fail($"seed {seed}, history {history}: {key} is {other}");
                        break;
                }
            }
        }
    }
}
