using System.Collections.Immutable;
using CsCheck;
using NetDeploy.Core.Deployments;
using static NetDeploy.Core.Deployments.DeploymentEvent;

namespace NetDeploy.Core.Tests.Deployments;

/// <summary>
/// Random histories: events in any order, repeated, late, from any boot; crashes before a commit (the event is lost) and
/// after it (the answer is lost). <c>NETDEPLOY_HISTORIES</c> sets how many.
/// </summary>
public class DeploymentHistoriesTests
{
    private static readonly int Histories =
        int.TryParse(Environment.GetEnvironmentVariable("NETDEPLOY_HISTORIES"), out var n) ? n : 10_000;

    private enum Fate
    {
        Answered,
        LostBeforeCommit,
        AnswerLost,
    }

    private sealed record Step(int Kind, int Boot, int Mark, bool Elsewhere, int Minutes, Fate Fate);

    private static readonly int[] Weights = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 6, 6, 6, 7, 7, 7, 8, 9, 10, 11, 12, 13, 14, 14];

    private static readonly Gen<Step[]> AllHistories =
        Gen.Select(
            // Weighted towards the road, so that histories reach its end.
            Gen.Int[0, Weights.Length - 1].Select(i => Weights[i]),
            Gen.Int[1, 6], Gen.Int[0, 4], Gen.Frequency((9, Gen.Const(false)), (1, Gen.Const(true))), Gen.Int[0, 3],
            Gen.Frequency((6, Gen.Const(Fate.Answered)), (1, Gen.Const(Fate.LostBeforeCommit)), (1, Gen.Const(Fate.AnswerLost))),
            (kind, boot, mark, elsewhere, minutes, fate) => new Step(kind, boot, mark, elsewhere, minutes, fate)).Array[5, 40];

    private static readonly Dictionary<DeploymentState, DeploymentState[]> Edges = new()
    {
        [DeploymentState.Preparing] = [DeploymentState.Granted, DeploymentState.Failed, DeploymentState.Cancelled],
        [DeploymentState.Granted] = [DeploymentState.Booting, DeploymentState.Expired, DeploymentState.Cancelled],
        [DeploymentState.Booting] =
            [DeploymentState.Claimed, DeploymentState.Expired, DeploymentState.Cancelled, DeploymentState.Failed, DeploymentState.Stuck],
        [DeploymentState.Claimed] = [DeploymentState.Written, DeploymentState.Installed, DeploymentState.Failed, DeploymentState.Stuck],
        [DeploymentState.Written] = [DeploymentState.Installed, DeploymentState.Failed, DeploymentState.Stuck],
    };

    [Fact]
    public void Whatever_is_lost_repeated_or_reordered_one_grant_gives_at_most_one_claim()
    {
        var reached = new int[Enum.GetValues<DeploymentState>().Length];
        AllHistories.Sample(
            steps => Interlocked.Increment(ref reached[(int)Run(steps)]),
            iter: Histories, print: steps => string.Join(Environment.NewLine, steps.Select(s => s.ToString())));

        // A history that never gets anywhere would prove nothing.
        foreach (var end in new[] { DeploymentState.Installed, DeploymentState.Expired, DeploymentState.Cancelled, DeploymentState.Failed, DeploymentState.Stuck, DeploymentState.Written })
        {
            Assert.True(reached[(int)end] > 0, $"no history ended in {end}");
        }
    }

    private static DeploymentState Run(Step[] steps)
    {
        var stored = Lives.New();
        var now = Lives.Noon;
        var claimants = ImmutableHashSet<string>.Empty;
        var claimDurable = false;
        var deployBoots = ImmutableHashSet<string>.Empty;
        foreach (var step in steps)
        {
            now += TimeSpan.FromMinutes(step.Minutes);
            var happened = EventOf(step, stored);
            var outcome = DeploymentLife.Apply(stored, happened, Lives.Limits, now);
            Check(stored, happened, outcome);
            if (step.Fate == Fate.LostBeforeCommit)
            {
                continue;
            }

            // The answer of a commit whose reply is lost may still have reached the machine: count it.
            switch (outcome.Answer)
            {
                case DeploymentAnswer.ClaimGranted:
                    claimants = claimants.Add(((ClaimRequested)happened).BootId);
                    claimDurable = true;
                    Ensure(claimants.Count == 1, "two boots were granted the claim");
                    Ensure(outcome.Next.ClaimedBootId == ((ClaimRequested)happened).BootId, "the claim was answered but not recorded");
                    Ensure(outcome.Next.State == DeploymentState.Claimed, "a claim was granted outside of claimed");
                    break;
                case DeploymentAnswer.BootDeploy:
                    Ensure(!claimDurable, "a deploy script after the claim");
                    deployBoots = deployBoots.Add(outcome.Next.BootId!);
                    Ensure(deployBoots.Count <= Lives.Limits.Boots, "more boots than the limit");
                    break;
            }

            stored = outcome.Next;
        }

        return stored.State;
    }

    private static void Check(Deployment before, DeploymentEvent happened, Outcome outcome)
    {
        var after = outcome.Next;
        if (after.State != before.State)
        {
            Ensure(!before.State.IsTerminal(), $"terminal {before.State} became {after.State}");
            Ensure(Edges[before.State].Contains(after.State), $"{before.State} became {after.State}");
            Ensure(outcome.Notes.Length > 0, "a state changed without a timeline entry");
            if (before.State is DeploymentState.Claimed or DeploymentState.Written)
            {
                Ensure(
                    happened is WrittenReported or FirstBootReported or FailureReported or DeadlinePassed or GenerationChanged,
                    $"{happened.GetType().Name} changed a state from claimed on");
            }
        }

        if (before.State.IsTerminal())
        {
            Ensure(happened is not TaskReported || after.Tasks.Length - before.Tasks.Length is 0 or 1, "a report of a task made several");
            Ensure(happened is TaskReported || after.Tasks == before.Tasks, $"{happened.GetType().Name} changed the tasks");
            Ensure(after with { LogHash = before.LogHash, Tasks = before.Tasks } == before, $"{happened.GetType().Name} changed a terminal deployment");
        }

        Ensure(before.ClaimedBootId is null || after.ClaimedBootId == before.ClaimedBootId, "the claim moved");
        Ensure(after.Beat >= before.Beat, "the beat went back");
        Ensure(
            outcome.QuarantineReason is null || (!before.State.IsTerminal() && after.State is DeploymentState.Failed or DeploymentState.Stuck),
            "quarantine without a failure");
        Ensure(
            !(before.State is DeploymentState.Claimed or DeploymentState.Written && after.State is DeploymentState.Failed or DeploymentState.Stuck)
                || outcome.QuarantineReason is not null || before.State.IsTerminal(),
            "a machine failed after its claim and was not quarantined");
        Ensure(outcome.Answer is not DeploymentAnswer.Refused || after == before, "a refusal changed something");
    }

    private static DeploymentEvent EventOf(Step step, Deployment now)
    {
        // Mostly the boot that is there, so that reports count; sometimes any other.
        var boot = $"{Lives.Id}.{(step.Elsewhere ? step.Boot : now.Boot?.Number ?? 1)}";
        return step.Kind switch
        {
            0 => new ImageReady("sha"),
            1 => Lives.Fetch(step.Mark == 0 ? null : step.Mark.ToString(System.Globalization.CultureInfo.InvariantCulture), step.Elsewhere ? Lives.Neighbour : null),
            2 => new ClaimRequested(boot, "root /dev/vda"),
            3 => new InventoryReported(boot),
            4 => new ProgressReported(boot, new DeploymentProgress("step_unpack", step.Boot, null)),
            5 => new HostKeysReported(boot, ["ssh-ed25519 AAAA"]),
            6 => new WrittenReported(boot, null, null),
            7 => Lives.FirstBoot(boot),
            8 => new FailureReported(boot, "step", "reason"),
            9 => new LogUploaded(boot, new string('a', 64), 10),
            10 => new DeadlinePassed(step.Elsewhere ? now.Beat - 1 : now.Beat - (step.Mark == 1 ? 0 : 1)),
            11 => new CancelRequested("anna"),
            12 => new GenerationChanged(step.Elsewhere ? "g2" : "g1"),
            14 => new TaskReported(boot, new FirstBootTask("script", $"s{step.Mark}", step.Mark == 0 ? "failed with status 1" : FirstBootTask.Ok, 3), ""),
            _ => step.Elsewhere ? new PreparationFailed("no mirror") : new ImageReady("sha"),
        };
    }

    private static void Ensure(bool holds, string broken)
    {
        if (!holds)
        {
            throw new InvalidOperationException(broken);
        }
    }
}
