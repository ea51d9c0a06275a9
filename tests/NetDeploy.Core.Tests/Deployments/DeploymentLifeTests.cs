using NetDeploy.Core.Deployments;
using static NetDeploy.Core.Deployments.DeploymentEvent;
using static NetDeploy.Core.Tests.Deployments.Lives;

namespace NetDeploy.Core.Tests.Deployments;

public class DeploymentLifeTests
{
    [Fact]
    public void The_main_road_leads_to_installed()
    {
        Assert.Equal(DeploymentState.Granted, Granted().State);
        Assert.Equal(DeploymentState.Booting, Booting().State);
        Assert.Equal(DeploymentState.Claimed, Claimed().State);
        Assert.Equal(DeploymentState.Written, Written().State);
        var installed = Installed();
        Assert.Equal(DeploymentState.Installed, installed.State);
        Assert.Equal(Boot1, installed.ClaimedBootId);
        Assert.Equal(["ssh-ed25519 AAAA"], installed.HostKeys);
    }

    [Fact]
    public void The_same_boot_gets_the_same_answer_to_its_claim_and_any_other_is_refused_with_an_alarm()
    {
        var again = Live(Claimed(), new ClaimRequested(Boot1, "root"));
        Assert.IsType<DeploymentAnswer.ClaimGranted>(again.Answer);
        Assert.Equal(Claimed(), again.Next);

        var other = Live(Claimed(), new ClaimRequested(Boot2, "root"));
        Assert.IsType<DeploymentAnswer.Refused>(other.Answer);
        Assert.Single(Alarms(other));
        Assert.Equal(DeploymentState.Claimed, other.Next.State);
    }

    [Fact]
    public void A_boot_that_a_later_one_superseded_cannot_claim()
    {
        var outcome = Live(Booting(), Fetch("b"), new ClaimRequested(Boot1, "root"));
        Assert.IsType<DeploymentAnswer.Refused>(outcome.Answer);
        Assert.Equal(DeploymentState.Booting, outcome.Next.State);
    }

    [Fact]
    public void Five_boots_may_come_before_the_claim_and_the_sixth_ends_in_quarantine()
    {
        var five = Live(Granted(), Fetch("1"), Fetch("2"), Fetch("3"), Fetch("4"), Fetch("5"));
        Assert.IsType<DeploymentAnswer.BootDeploy>(five.Answer);
        var six = Live(five.Next, Fetch("6"));
        Assert.IsType<DeploymentAnswer.BootLocal>(six.Answer);
        Assert.Equal(DeploymentState.Stuck, six.Next.State);
        Assert.NotNull(six.QuarantineReason);
    }

    [Fact]
    public void A_refetch_in_the_same_boot_keeps_the_tokens()
    {
        var booting = Booting();
        var again = Live(booting, Fetch("a"));
        Assert.IsType<DeploymentAnswer.BootDeploy>(again.Answer);
        Assert.Equal(booting.Boot, again.Next.Boot);
    }

    [Fact]
    public void A_boot_the_server_cannot_tell_from_the_last_is_the_same_for_two_minutes_and_a_new_one_later()
    {
        var booting = Booting();
        var soon = DeploymentLife.Apply(booting, Fetch(null), Limits, Noon + TimeSpan.FromSeconds(119));
        Assert.Equal(1, soon.Next.Boot!.Number);
        var later = DeploymentLife.Apply(booting, Fetch(null), Limits, Noon + TimeSpan.FromSeconds(121));
        Assert.Equal(2, later.Next.Boot!.Number);
    }

    [Fact]
    public void A_fetch_from_elsewhere_in_the_same_boot_is_refused_with_an_alarm()
    {
        var outcome = Live(Booting(), Fetch("a", Neighbour));
        Assert.IsType<DeploymentAnswer.Refused>(outcome.Answer);
        Assert.Single(Alarms(outcome));
        Assert.Equal(Booting(), outcome.Next);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData(null)]
    public void After_the_claim_no_boot_gets_the_deploy_environment(string? mark)
    {
        var second = Live(Claimed(), Fetch(mark));
        Assert.IsType<DeploymentAnswer.BootLocal>(second.Answer);
        Assert.Single(Alarms(second));
        Assert.Equal(DeploymentState.Claimed, second.Next.State);

        var written = Live(Written(), Fetch(mark));
        Assert.IsType<DeploymentAnswer.BootLocal>(written.Answer);
        Assert.Empty(Alarms(written));
    }

    [Fact]
    public void A_lost_written_report_is_implied_by_the_first_boot()
    {
        var outcome = Live(Claimed(), FirstBoot(Boot1));
        Assert.Equal(DeploymentState.Installed, outcome.Next.State);
        Assert.NotNull(outcome.Next.WrittenAt);
        Assert.Equal(["written", "installed"], outcome.Notes.Select(n => n.Kind));
    }

    [Fact]
    public void Tasks_of_the_first_boot_are_told_and_change_no_state()
    {
        static TaskReported Task(string name, string ended = FirstBootTask.Ok) => new(Boot1, new FirstBootTask("script", name, ended, 3), "last words");

        var good = Live(Installed(), Task("a"));
        Assert.Equal((DeploymentState.Installed, "task", TimelineSeverity.Info), (good.Next.State, good.Notes[0].Kind, good.Notes[0].Severity));
        Assert.Contains("script a ended: ok, 3 s: last words", good.Notes[0].Text, StringComparison.Ordinal);

        var bad = Live(good.Next, Task("b", "failed with status 7"));
        Assert.Equal((DeploymentState.Installed, TimelineSeverity.Alarm), (bad.Next.State, bad.Notes[0].Severity));
        Assert.Equal(["a", "b"], bad.Next.Tasks.Select(t => t.Name));

        Assert.Equal(bad.Next, Live(bad.Next, Task("b", "failed with status 7")).Next);
        Assert.Equal(Written(), Live(Written(), Task("a")).Next);
        Assert.Equal(Installed(), Live(Installed(), new TaskReported(Boot2, new FirstBootTask("script", "a", FirstBootTask.Ok, 1), "")).Next);
    }

    [Fact]
    public void Reports_of_tasks_end_with_their_day_and_their_number()
    {
        static TaskReported Task(int name) => new(Boot1, new FirstBootTask("script", $"s{name}", FirstBootTask.Ok, 1), "");

        Assert.IsType<DeploymentAnswer.Accepted>(DeploymentLife.Apply(Installed(), Task(0), Limits, Noon + Limits.Tasks).Answer);
        Assert.IsType<DeploymentAnswer.Refused>(DeploymentLife.Apply(Installed(), Task(0), Limits, Noon + Limits.Tasks + TimeSpan.FromSeconds(1)).Answer);
        Assert.Equal(Limits.TaskCount, Live(Installed(), [.. Enumerable.Range(0, Limits.TaskCount + 9).Select(Task)]).Next.Tasks.Length);
    }

    [Fact]
    public void An_unclaimed_grant_expires_without_quarantine()
    {
        foreach (var open in new[] { Granted(), Booting() })
        {
            var outcome = Live(open, new DeadlinePassed(open.Beat));
            Assert.Equal(DeploymentState.Expired, outcome.Next.State);
            Assert.Null(outcome.QuarantineReason);
        }
    }

    [Fact]
    public void Silence_after_the_claim_and_after_written_ends_in_quarantine_never_in_a_boot()
    {
        foreach (var silent in new[] { Claimed(), Written() })
        {
            var outcome = Live(silent, new DeadlinePassed(silent.Beat));
            Assert.Equal(DeploymentState.Stuck, outcome.Next.State);
            Assert.NotNull(outcome.QuarantineReason);
            Assert.IsType<DeploymentAnswer.BootLocal>(Live(outcome.Next, Fetch("z")).Answer);
        }
    }

    [Fact]
    public void A_deadline_that_was_armed_before_the_last_report_is_stale()
    {
        var claimed = Claimed();
        var heard = Live(claimed, new ProgressReported(Boot1, new DeploymentProgress("step_unpack", 40, null)));
        var stale = Live(heard.Next, new DeadlinePassed(claimed.Beat));
        Assert.Equal(heard.Next, stale.Next);
        Assert.Equal(DeploymentState.Stuck, Live(heard.Next, new DeadlinePassed(heard.Next.Beat)).Next.State);
    }

    [Fact]
    public void Reports_before_the_claim_do_not_prolong_the_grant()
    {
        var booting = Booting();
        var outcome = Live(booting, new ProgressReported(Boot1, new DeploymentProgress("step_plan", null, null)), new InventoryReported(Boot1));
        Assert.Equal(booting.Beat, outcome.Next.Beat);
    }

    [Fact]
    public void A_reported_failure_ends_in_quarantine_and_its_log_still_arrives()
    {
        foreach (var state in new[] { Booting(), Claimed(), Written() })
        {
            var failed = Live(state, new FailureReported(Boot1, "step_unpack", "hash differs"));
            Assert.Equal(DeploymentState.Failed, failed.Next.State);
            Assert.Equal("step_unpack: hash differs", failed.QuarantineReason);
            var log = Live(failed.Next, new LogUploaded(Boot1, new string('a', 64), 10));
            Assert.Equal(new string('a', 64), log.Next.LogHash);
            Assert.Equal(DeploymentState.Failed, log.Next.State);
        }
    }

    [Fact]
    public void An_image_that_cannot_be_built_leaves_the_machine_alone()
    {
        var outcome = Live(New(), new PreparationFailed("no mirror"));
        Assert.Equal(DeploymentState.Failed, outcome.Next.State);
        Assert.Null(outcome.QuarantineReason);
        var late = Live(New(), new DeadlinePassed(0));
        Assert.Equal(DeploymentState.Failed, late.Next.State);
        Assert.Null(late.QuarantineReason);
    }

    [Fact]
    public void Cancelling_works_before_the_claim_only()
    {
        foreach (var open in new[] { New(), Granted(), Booting() })
        {
            Assert.Equal(DeploymentState.Cancelled, Live(open, new CancelRequested("anna")).Next.State);
        }

        foreach (var closed in new[] { Claimed(), Written(), Installed() })
        {
            var outcome = Live(closed, new CancelRequested("anna"));
            Assert.IsType<DeploymentAnswer.Refused>(outcome.Answer);
            Assert.Equal(closed, outcome.Next);
        }
    }

    [Fact]
    public void A_restored_store_voids_what_was_open()
    {
        Assert.Equal(DeploymentState.Cancelled, Live(Booting(), new GenerationChanged("g2")).Next.State);
        var stuck = Live(Claimed(), new GenerationChanged("g2"));
        Assert.Equal(DeploymentState.Stuck, stuck.Next.State);
        Assert.NotNull(stuck.QuarantineReason);
        Assert.Equal(Installed(), Live(Installed(), new GenerationChanged("g2")).Next);
        Assert.Equal(Claimed(), Live(Claimed(), new GenerationChanged("g1")).Next);
    }

    [Fact]
    public void A_restart_of_the_server_neither_prolongs_a_grant_nor_counts_silence_that_nobody_could_hear()
    {
        var later = Noon + TimeSpan.FromMinutes(50);
        Assert.Equal(TimeSpan.FromMinutes(10), DeploymentLife.DeadlineAfterRestart(Booting(), Limits, later));
        Assert.Equal(TimeSpan.Zero, DeploymentLife.DeadlineAfterRestart(Granted(), Limits, Noon + TimeSpan.FromHours(9)));
        Assert.Equal(TimeSpan.FromMinutes(60), DeploymentLife.DeadlineAfterRestart(Granted(), Limits, Noon - TimeSpan.FromHours(9)));
        Assert.Equal(Limits.ClaimedSilence, DeploymentLife.DeadlineAfterRestart(Claimed(), Limits, later));
        Assert.Null(DeploymentLife.DeadlineAfterRestart(Installed(), Limits, later));
    }

    [Fact]
    public void What_a_machine_reports_stays_one_printable_line()
    {
        var outcome = Live(Booting(), new FailureReported(Boot1, "step", "a\nb\u001b[31m" + new string('x', 5000)));
        var note = Assert.Single(outcome.Notes);
        Assert.DoesNotContain(note.Text, char.IsControl);
        Assert.True(note.Text.Length <= TimelineNote.MaxText);
    }
}
