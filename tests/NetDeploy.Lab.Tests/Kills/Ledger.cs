namespace NetDeploy.Lab.Tests.Kills;

/// <summary>
/// What the server answered, to anyone and in any of its lives, and what follows from it for the next answer. What was asked and not
/// answered may have happened or not; what was answered has happened. A contradiction is a violation.
/// </summary>
internal sealed class Ledger
{
    private static readonly string[] States = ["preparing", "granted", "booting", "claimed", "written"];
    private static readonly string[] Ends = ["installed", "expired", "cancelled", "failed", "stuck"];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, KnownDeployment> _deployments = [];
    private readonly List<string> _violations = [];
    private long _tick;

    public int Answers { get; private set; }

    public int Claims => _deployments.Values.Count(d => d.Claimant is not null);

    public int Deployments => _deployments.Count;

    public int Installed => _deployments.Values.Count(d => d.End == "installed");

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_gate)
            {
                return [.. _violations];
            }
        }
    }

    /// <summary>How far a state is; all ends are equally far.</summary>
    public static int Rank(string state) => Array.IndexOf(States, state) is >= 0 and var rank ? rank : IsEnd(state) ? States.Length : throw new ArgumentException($"'{state}' is no state.", nameof(state));

    public static bool IsState(string word) => States.Contains(word) || IsEnd(word);

    public static bool IsEnd(string state) => Ends.Contains(state);

    /// <summary>Before a request leaves: what was answered earlier is known to whoever answers it.</summary>
    public long Tick() => Interlocked.Increment(ref _tick);

    public void Violated(string what)
    {
        lock (_gate)
        {
            _violations.Add(what);
        }
    }

    public KnownDeployment Deployment(string id, string machine)
    {
        lock (_gate)
        {
            if (!_deployments.TryGetValue(id, out var known))
            {
                _deployments[id] = known = new KnownDeployment(id, machine);
            }

            if (known.Machine != machine)
            {
                _violations.Add($"deployment {id} of {known.Machine} was told to {machine}");
            }

            return known;
        }
    }

    public IReadOnlyList<KnownDeployment> Of(string machine)
    {
        lock (_gate)
        {
            return [.. _deployments.Values.Where(d => d.Machine == machine)];
        }
    }

    /// <summary>A script that starts the deploy environment.</summary>
    public KnownBoot Booted(KnownDeployment deployment, string token, long sent)
    {
        lock (_gate)
        {
            Answers++;
            Forbid(deployment.ClaimedAt < sent, $"{deployment.Id} was claimed, and a script starts its installation again");
            Forbid(deployment.WrittenAt < sent, $"{deployment.Id} was written, and a script starts its installation again");
            Forbid(deployment.EndedAt < sent, $"{deployment.Id} had ended as {deployment.End}, and a script starts its installation");
            Reach(deployment, "booting");
            if (deployment.Boots.Find(b => b.Token == token) is not { } boot)
            {
                deployment.Boots.Add(boot = new KnownBoot(deployment, token));
            }

            return boot;
        }
    }

    public void PlanServed(KnownBoot boot, string firstBootToken, long sent)
    {
        lock (_gate)
        {
            Answers++;
            Forbid(boot.Deployment.WrittenAt < sent || boot.Deployment.EndedAt < sent, $"{boot.Deployment.Id} was past its writing, and a plan was served");
            Forbid(boot.FirstBootToken is { } before && before != firstBootToken, $"{boot.Deployment.Id}: one boot got two tokens for its first boot");
            boot.FirstBootToken = firstBootToken;
        }
    }

    public void ClaimAnswered(KnownBoot boot, bool granted, string answer, long sent)
    {
        lock (_gate)
        {
            Answers++;
            var deployment = boot.Deployment;
            if (!granted)
            {
                Forbid(deployment.Claimant == boot && deployment.ClaimedAt < sent && !deployment.MayBePastClaim, $"{deployment.Id}: the boot that has the claim was refused: {answer}");
                return;
            }

            Forbid(deployment.Claimant is { } other && other != boot, $"{deployment.Id}: two boots were granted the claim");
            Forbid(deployment.WrittenAt < sent, $"{deployment.Id} was written, and a claim was granted");
            Forbid(deployment.EndedAt < sent, $"{deployment.Id} had ended as {deployment.End}, and a claim was granted");
            deployment.Claimant ??= boot;
            deployment.ClaimedAt = Math.Min(deployment.ClaimedAt, Tick());
            Reach(deployment, "claimed");
        }
    }

    /// <summary>A report was answered <c>ok</c>, which moves the deployment at least to <paramref name="state"/>.</summary>
    public void Reported(KnownBoot boot, string state)
    {
        lock (_gate)
        {
            Answers++;
            Forbid(state is "written" or "installed" && !boot.AskedToClaim, $"{boot.Deployment.Id}: '{state}' was accepted of a boot that never asked to claim");
            if (state == "written")
            {
                boot.Deployment.WrittenAt = Math.Min(boot.Deployment.WrittenAt, Tick());
            }

            Reach(boot.Deployment, state);
        }
    }

    /// <summary>A report that changes no state was answered <c>ok</c>: its entry is in the timeline.</summary>
    public void Told(KnownDeployment deployment, string kind, string text)
    {
        lock (_gate)
        {
            Answers++;
            deployment.MustTell.Add((kind, text));
        }
    }

    /// <summary>An answer said that the deployment is in this state, or was.</summary>
    public void Seen(KnownDeployment deployment, string state)
    {
        lock (_gate)
        {
            Answers++;
            Reach(deployment, state);
        }
    }

    /// <summary>A value is on its way that replaces another: until an answer comes, each of <paramref name="possible"/> may be in force.</summary>
    public void Sends(HashSet<string?> possible, string value)
    {
        lock (_gate)
        {
            possible.Add(value);
        }
    }

    /// <summary>The value was answered <c>ok</c>.</summary>
    public void Stands(HashSet<string?> possible, string value)
    {
        lock (_gate)
        {
            Answers++;
            possible.RemoveWhere(other => other != value);
        }
    }

    private void Reach(KnownDeployment deployment, string state)
    {
        if (IsEnd(state))
        {
            Forbid(deployment.End is { } end && end != state, $"{deployment.Id} ended as {deployment.End}, then as {state}");
            deployment.End ??= state;
            deployment.EndedAt = Math.Min(deployment.EndedAt, Tick());
        }

        if (Rank(state) > Rank(deployment.Reached))
        {
            deployment.Reached = state;
        }
    }

    private void Forbid(bool violated, string what)
    {
        if (violated)
        {
            _violations.Add(what);
        }
    }
}
