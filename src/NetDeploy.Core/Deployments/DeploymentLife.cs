using System.Collections.Immutable;
using System.Globalization;
using static NetDeploy.Core.Deployments.DeploymentAnswer;
using static NetDeploy.Core.Deployments.DeploymentEvent;
using static NetDeploy.Core.Deployments.DeploymentState;
using NetDeploy.Core.Machines;

namespace NetDeploy.Core.Deployments;

/// <summary>
/// The rules of a deployment's life. <c>preparing -> granted -> booting -> claimed -> written -> installed</c>, or
/// <c>expired</c>, <c>cancelled</c>, <c>failed</c>, <c>stuck</c>. Pure: whatever is lost, repeated, reordered or restarted,
/// one grant gives at most one claim, and nothing after the claim gives a second installation.
/// </summary>
public static class DeploymentLife
{
    /// <param name="now">The wall clock; it dates entries. Deadlines come as events from the monotonic clock.</param>
    public static Outcome Apply(Deployment deployment, DeploymentEvent happened, DeploymentLimits limits, DateTimeOffset now) => happened switch
    {
        ImageReady e => OnImageReady(deployment, e, now),
        PreparationFailed e => OnPreparationFailed(deployment, e, now),
        BootScriptFetched e => OnBootScript(deployment, e, limits, now),
        ClaimRequested e => OnClaim(deployment, e, now),
        InventoryReported e => OnInventory(deployment, e, now),
        ProgressReported e => OnProgress(deployment, e, now),
        HostKeysReported e => OnHostKeys(deployment, e, now),
        WrittenReported e => OnWritten(deployment, e, now),
        FirstBootReported e => OnFirstBoot(deployment, e, now),
        TaskReported e => OnTask(deployment, e, limits, now),
        FailureReported e => OnFailure(deployment, e, now),
        LogUploaded e => OnLog(deployment, e),
        DeadlinePassed e => OnDeadline(deployment, e, limits, now),
        CancelRequested e => OnCancel(deployment, e, now),
        GenerationChanged e => OnGeneration(deployment, e, now),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType().Name, "An event without a rule."),
    };

    /// <summary>How long the present state may stay silent; null where nothing is awaited.</summary>
    public static TimeSpan? Deadline(Deployment deployment, DeploymentLimits limits) => deployment.State switch
    {
        Preparing => limits.Preparing,
        Granted or Booting => limits.Grant,
        Claimed => deployment.Installer is null ? limits.ClaimedSilence : limits.InstallerSilence,
        Written => limits.FirstBoot,
        _ => null,
    };

    /// <summary>
    /// What is left of the deadline after a restart of the server. A grant's hour went on while the server was down. Silence
    /// that nobody could hear proves nothing, so the silence of a claimed or written machine starts anew.
    /// </summary>
    public static TimeSpan? DeadlineAfterRestart(Deployment deployment, DeploymentLimits limits, DateTimeOffset now)
    {
        if (Deadline(deployment, limits) is not { } full)
        {
            return null;
        }

        var since = deployment.State is Preparing ? deployment.CreatedAt : deployment.GrantedAt;
        if (deployment.State is Claimed or Written || since is null)
        {
            return full;
        }

        var left = full - (now - since.Value);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left > full ? full : left;
    }

    private static Outcome OnImageReady(Deployment d, ImageReady e, DateTimeOffset now) =>
        d.State is not Preparing
            ? Late(d, "image", $"{Source(d)} {Short(e.ImageId)} is ready")
            : Moved(Heard(d, now) with { State = Granted, ImageId = e.ImageId, GrantedAt = now }, new Accepted(),
                $"{Source(d)} {Short(e.ImageId)} is ready; the machine may boot and claim");

    private static Outcome OnPreparationFailed(Deployment d, PreparationFailed e, DateTimeOffset now) =>
        d.State is not Preparing
            ? Late(d, "image", $"the {Source(d)} could not be prepared: {e.Reason}")
            : Ended(d, Failed, now, $"the {Source(d)} could not be {(d.Installer is null ? "built" : "served")}: {e.Reason.TrimEnd('.')}; the machine was not touched", quarantine: false);

    private static Outcome OnBootScript(Deployment d, BootScriptFetched e, DeploymentLimits limits, DateTimeOffset now)
    {
        switch (d.State)
        {
            case Granted or Booting:
                break;
            case Claimed:
                return new(d, new BootLocal("the machine booted again after its claim; it is not installed twice"),
                    [Alarm("second-boot", $"boot script fetched from {e.Source} after the claim of boot {d.ClaimedBootId}: answered with local boot")]);
            case Preparing:
                return new(d, new BootLocal("its image is still being built"),
                    [Info("boot-script", $"fetched from {e.Source}: local boot, the image is still being built")]);
            default:
                return new(d, new BootLocal($"its last deployment is {d.State.Word()}"),
                    [Info("boot-script", $"fetched from {e.Source}: local boot, the deployment is {d.State.Word()}")]);
        }

        if (d.Boot is { } boot && IsSameBoot(boot, e, limits, now))
        {
            return boot.Source.Equals(e.Source)
                ? new(d, new BootDeploy(), [Info("boot-script", $"boot {boot.Number} fetched its script again from {e.Source}")])
                : Forbidden(d, $"boot script of boot {boot.Number} fetched from {e.Source}, which belongs to {boot.Source}");
        }

        var number = (d.Boot?.Number ?? 0) + 1;
        if (number > limits.Boots)
        {
            var stuck = Ended(d, Stuck, now,
                string.Create(CultureInfo.InvariantCulture, $"booted {limits.Boots} times without a claim"), quarantine: true);
            return stuck with { Answer = new BootLocal(stuck.Next.Reason!) };
        }

        // The grant's hour runs on over all boots: a new boot does not move the deadline, so the beat stays.
        var next = d with
        {
            State = Booting,
            Boot = new DeploymentBoot(number, e.BootMark, e.Source, now, e.Fresh, e.Mac),
            BootedAt = now,
            Strength = e.Strength,
        };
        return Moved(next, new BootDeploy(), $"boot {number} from {e.Source}, identity {Word(e.Strength)}: {(d.Installer is null ? "deploy environment" : "installer of " + d.Installer.Distro)}");
    }

    private static bool IsSameBoot(DeploymentBoot boot, BootScriptFetched e, DeploymentLimits limits, DateTimeOffset now) =>
        boot.Mark is not null && e.BootMark is not null
            ? boot.Mark == e.BootMark
            : now - boot.FetchedAt < limits.SameBoot;

    private static Outcome OnClaim(Deployment d, ClaimRequested e, DateTimeOffset now) => d.State switch
    {
        Claimed when d.ClaimedBootId == e.BootId => new(d, new ClaimGranted(), [Info("claim", $"boot {e.BootId} asked again; same answer")]),
        Claimed => Forbidden(d, $"claim of boot {e.BootId} refused: boot {d.ClaimedBootId} has it"),
        Booting when d.BootId == e.BootId && d.Expected is not null && d.RecognisedBootId != e.BootId =>
            Forbidden(d, $"claim of boot {e.BootId} refused: it is not the hardware that the rule took in, see its inventory. Nothing was written. To install it: netdeploy deploy {d.MachineName}"),
        Booting when d.BootId == e.BootId => Moved(
            Heard(d, now) with { State = Claimed, ClaimedBootId = e.BootId, ClaimedAt = now }, new ClaimGranted(),
            $"boot {e.BootId} may write to {e.Disks}"),
        Booting => Forbidden(d, $"claim of boot {e.BootId} refused: the machine's last boot is {d.BootId}"),
        _ => new(d, new Refused($"the deployment is {d.State.Word()}"),
            [Warning("refused", $"claim of boot {e.BootId} refused: the deployment is {d.State.Word()}")]),
    };

    private static Outcome OnInventory(Deployment d, InventoryReported e, DateTimeOffset now)
    {
        if (!Speaks(d, e.BootId))
        {
            return Late(d, "inventory", $"inventory of boot {e.BootId}");
        }

        var next = d.State is Claimed ? Heard(d, now) : d;
        if (d.State is Booting && d.Expected is { } expected)
        {
            if (expected.Difference(e.Uuid, e.Serial) is { } difference)
            {
                // Also after an inventory that fitted: the last word before the claim counts.
                return new(next with { RecognisedBootId = null }, new Accepted(),
                    [Alarm("inventory", $"boot {e.BootId} is not the hardware that the rule took in: {difference}. It may not claim")]);
            }

            next = next with { RecognisedBootId = e.BootId };
        }

        return new(next, new Accepted(), [Info("inventory", $"boot {e.BootId} described its hardware")]);
    }

    private static Outcome OnProgress(Deployment d, ProgressReported e, DateTimeOffset now)
    {
        if (!Speaks(d, e.BootId))
        {
            return Late(d, "progress", $"boot {e.BootId}: {Describe(e.Progress)}");
        }

        // Before the claim a report does not prolong the grant.
        var next = (d.State is Claimed ? Heard(d, now) : d) with { Progress = e.Progress };
        return new(next, new Accepted(), [Info("progress", Describe(e.Progress))]);
    }

    private static Outcome OnHostKeys(Deployment d, HostKeysReported e, DateTimeOffset now) =>
        d.State is Claimed && d.ClaimedBootId == e.BootId
            ? new(Heard(d, now) with { HostKeys = e.Keys }, new Accepted(), [Info("host-keys", $"{e.Keys.Length} SSH host keys reported")])
            : Late(d, "host-keys", $"host keys of boot {e.BootId}");

    private static Outcome OnWritten(Deployment d, WrittenReported e, DateTimeOffset now) => d.State switch
    {
        Claimed when d.ClaimedBootId == e.BootId => Moved(
            Heard(d, now) with { State = Written, WrittenAt = now, BootOrder = e.BootOrder, Progress = null }, new Accepted(),
            e.Seconds is { } s ? $"the disk is complete after {s} s; from here only local boot" : "the disk is complete; from here only local boot"),
        Written when d.ClaimedBootId == e.BootId => Again(d, "written"),
        Booting => Forbidden(d, $"boot {e.BootId} reported written without a claim"),
        _ => Late(d, "written", $"boot {e.BootId} reported written"),
    };

    private static Outcome OnFirstBoot(Deployment d, FirstBootReported e, DateTimeOffset now)
    {
        switch (d.State)
        {
            case Claimed or Written when d.ClaimedBootId == e.BootId:
                break;
            case Installed when d.ClaimedBootId == e.BootId:
                return Again(d, "installed");
            case Booting:
                return Forbidden(d, $"boot {e.BootId} reported a first boot without a claim");
            default:
                return Late(d, "installed", $"first boot of {e.HostName} reported");
        }

        ImmutableArray<TimelineNote> notes = [];
        if (d.State is Claimed)
        {
            // A disk that boots was written: the report of it was lost.
            notes = [Warning("written", "implied by the first boot; its own report was lost")];
        }

        var next = Heard(d, now) with
        {
            State = Installed,
            WrittenAt = d.WrittenAt ?? now,
            EndedAt = now,
            Progress = null,
            HostKeys = e.HostKeys.IsDefaultOrEmpty ? d.HostKeys : e.HostKeys,
        };
        var what = $"{e.HostName ?? d.MachineName} runs {e.Kernel ?? "its new system"} at {e.Address ?? "an address it did not say"}";
        return new(next, new Accepted(), notes.Add(Info(Installed.Word(), what)));
    }

    /// <summary>Evidence of a system that is installed: it changes no state, and what failed there needs a person and no reinstallation.</summary>
    private static Outcome OnTask(Deployment d, TaskReported e, DeploymentLimits limits, DateTimeOffset now)
    {
        var what = $"{e.Task.Kind} {e.Task.Name}";
        if (d.State is not Installed || d.ClaimedBootId != e.BootId)
        {
            return Late(d, "task", $"{what} of boot {e.BootId} reported");
        }

        if (d.Tasks.Any(t => t.Kind == e.Task.Kind && t.Name == e.Task.Name))
        {
            return Again(d, "task");
        }

        if (d.Tasks.Length >= limits.TaskCount || now - d.EndedAt > limits.Tasks)
        {
            return new(d, new Refused("no more reports of tasks are taken"), []);
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{what} ended: {e.Task.Ended}, {e.Task.Seconds} s{(e.Output.Length > 0 ? $": {e.Output}" : "")}");
        return new(d with { Tasks = d.Tasks.Add(e.Task) }, new Accepted(),
            [e.Task.Ended == FirstBootTask.Ok ? Info("task", text) : Alarm("task", text)]);
    }

    private static Outcome OnFailure(Deployment d, FailureReported e, DateTimeOffset now) => d.State switch
    {
        _ when Speaks(d, e.BootId) || (d.State is Written && d.ClaimedBootId == e.BootId)
            => Ended(d, Failed, now, $"{e.Step}: {e.Reason}", quarantine: true),
        Failed when d.BootId == e.BootId => Again(d, "failed"),
        _ => Late(d, "failure", $"boot {e.BootId} reported {e.Step}: {e.Reason}"),
    };

    private static Outcome OnLog(Deployment d, LogUploaded e)
    {
        var note = Info("log", string.Create(CultureInfo.InvariantCulture, $"boot {e.BootId} uploaded its log, {e.Bytes} bytes, {Short(e.Hash)}"));
        return d.BootId == e.BootId
            ? new(d with { LogHash = e.Hash }, new Accepted(), [note])
            : new(d, new Recorded("it is the log of another boot"), [note]);
    }

    private static Outcome OnDeadline(Deployment d, DeadlinePassed e, DeploymentLimits limits, DateTimeOffset now)
    {
        if (e.Beat != d.Beat || Deadline(d, limits) is not { } limit)
        {
            return new(d, new Recorded("the deadline was met"), []);
        }

        return d.State switch
        {
            Preparing => Ended(d, Failed, now, $"the image was not built within {Minutes(limit)}; the machine was not touched", quarantine: false),
            Granted or Booting => Ended(d, Expired, now, $"not claimed within {Minutes(limit)}", quarantine: false),
            Claimed => Ended(d, Stuck, now,
                $"silent for {Minutes(limit)} after {(d.Progress is { } p ? Describe(p) : "the claim")}", quarantine: true),
            _ => Ended(d, Stuck, now, $"written, but no first boot within {Minutes(limit)}", quarantine: true),
        };
    }

    private static Outcome OnCancel(Deployment d, CancelRequested e, DateTimeOffset now) => d.State switch
    {
        Preparing or Granted or Booting => Ended(d, Cancelled, now, $"cancelled by {e.By}; the disk was not touched", quarantine: false),
        Cancelled => Again(d, "cancelled"),
        Claimed or Written => new(d, new Refused(
                $"the deployment is {d.State.Word()}: its disk is being replaced; wait for its end, or power the machine off and it ends as stuck"),
            [Warning("refused", $"{e.By} asked to cancel a deployment that is {d.State.Word()}")]),
        _ => new(d, new Refused($"the deployment is {d.State.Word()} already"), []),
    };

    private static Outcome OnGeneration(Deployment d, GenerationChanged e, DateTimeOffset now)
    {
        if (d.State.IsTerminal() || d.Generation == e.Generation)
        {
            return new(d, new Accepted(), []);
        }

        const string Reason = "the store is a restored copy; its grants and tokens are void";
        return d.State is Claimed or Written
            ? Ended(d, Stuck, now, Reason, quarantine: true)
            : Ended(d, Cancelled, now, Reason, quarantine: false);
    }

    /// <summary>True where this boot is the one whose reports count: the last one before the claim, the claimed one after it.</summary>
    private static bool Speaks(Deployment d, string bootId) => d.State switch
    {
        Booting => d.BootId == bootId,
        Claimed => d.ClaimedBootId == bootId,
        _ => false,
    };

    private static Deployment Heard(Deployment d, DateTimeOffset now) => d with { HeardAt = now, Beat = d.Beat + 1 };

    private static Outcome Moved(Deployment next, DeploymentAnswer answer, string text) =>
        new(next, answer, [Info(next.State.Word(), text)]);

    private static Outcome Ended(Deployment d, DeploymentState state, DateTimeOffset now, string reason, bool quarantine)
    {
        reason = TimelineNote.Clean(reason, TimelineNote.MaxText / 2);
        var next = Heard(d, now) with { State = state, EndedAt = now, Reason = reason };
        var severity = quarantine ? TimelineSeverity.Alarm : TimelineSeverity.Warning;
        return new(next, new Accepted(), [TimelineNote.Of(state.Word(), severity, reason)], quarantine ? reason : null);
    }

    private static Outcome Again(Deployment d, string what) =>
        new(d, new Accepted(), [Info(what, "reported again; nothing changed")]);

    private static Outcome Late(Deployment d, string kind, string what) => new(d,
        new Recorded($"the deployment is {d.State.Word()}"),
        [Warning(kind, $"{what}, but the deployment is {d.State.Word()}{(d.BootId is { } id ? $" and its boot is {id}" : "")}: recorded, nothing changed")]);

    private static Outcome Forbidden(Deployment d, string what) => new(d, new Refused(what), [Alarm("refused", what)]);

    private static TimelineNote Info(string kind, string text) => TimelineNote.Of(kind, TimelineSeverity.Info, text);

    private static TimelineNote Warning(string kind, string text) => TimelineNote.Of(kind, TimelineSeverity.Warning, text);

    private static TimelineNote Alarm(string kind, string text) => TimelineNote.Of(kind, TimelineSeverity.Alarm, text);

    private static string Describe(DeploymentProgress p) =>
        $"{p.Step}{(p.Percent is { } n ? string.Create(CultureInfo.InvariantCulture, $" {n} %") : "")}{(p.Detail is { Length: > 0 } text ? $": {text}" : "")}";

    private static string Minutes(TimeSpan time) => time < TimeSpan.FromMinutes(2)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min");

    /// <summary>What the system comes from.</summary>
    private static string Source(Deployment d) => d.Installer is null ? "image" : "installer";

    private static string Short(string hash) => hash.Length > 12 ? hash[..12] : hash;

    private static string Word(Machines.IdentityStrength strength) => strength.ToString().ToLowerInvariant();
}
