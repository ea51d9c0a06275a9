using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>After a restart, before anybody else speaks with the server: what was answered in its earlier lives, and the rules of a deployment's life.</summary>
internal sealed class RestartCheck(Ledger ledger)
{
    public async Task CheckAsync(NetDeployClient client, ScriptedBlade blade)
    {
        var cancel = TestContext.Current.CancellationToken;
        var (name, timeline) = (blade.Machine, blade.Timeline);
        TimelineView[] page;
        MachineView view;
        do
        {
            // The server itself goes on with what the last one left: a reading between two equal ones is of one moment.
            page = await client.TimelineAsync(name, cancellationToken: cancel);
            view = await client.MachineAsync(name, cancel);
        }
        while ((await client.TimelineAsync(name, page.Length == 0 ? 0 : page[^1].Sequence, cancellationToken: cancel)).Length > 0);

        foreach (var violation in timeline.Read(page).Concat(timeline.Replay()))
        {
            ledger.Violated(violation);
        }

        if (view.DeploymentId != timeline.Newest?.Deployment || (view.State != "quarantined" && view.State != (timeline.Newest?.State ?? "new")))
        {
            ledger.Violated($"{name} is {view.State} with deployment {view.DeploymentId}, and its timeline says {timeline.Newest}");
        }

        foreach (var deployment in ledger.Of(name))
        {
            CheckAnswers(deployment, timeline);
        }

        var hostKeys = string.Join('\n', view.HostKeys);
        if (!blade.HostKeys.Contains(hostKeys))
        {
            ledger.Violated($"{name} has the host keys '{hostKeys}', and not one of '{string.Join("', '", blade.HostKeys)}'");
        }

        blade.HostKeys.RemoveWhere(k => k != hostKeys);
        if (blade.Leased is { } leased && view.Address != leased)
        {
            ledger.Violated($"{name} was leased {leased}, and has {view.Address}");
        }

        if (view.DeploymentId is { } id)
        {
            await CheckLogAsync(client, ledger.Deployment(id, name));
        }
    }

    private void CheckAnswers(KnownDeployment deployment, KnownTimeline timeline)
    {
        if (!timeline.Tells(deployment.Id, deployment.Reached))
        {
            ledger.Violated($"{deployment.Id} of {deployment.Machine} was answered to be {deployment.Reached}: no entry of it");
        }

        if (deployment.Claimant is not null && !timeline.Tells(deployment.Id, "claimed"))
        {
            ledger.Violated($"{deployment.Id} of {deployment.Machine} was granted its claim: no entry of it");
        }

        foreach (var (kind, text) in deployment.MustTell.Where(entry => !timeline.Tells(deployment.Id, entry.Kind, entry.Text)))
        {
            ledger.Violated($"{deployment.Id} of {deployment.Machine}: its {kind} '{text}' was answered: no entry of it");
        }

        // Read once, they may not change any more; the timeline sees to that.
        deployment.MustTell.Clear();
    }

    private async Task CheckLogAsync(NetDeployClient client, KnownDeployment deployment)
    {
        string? hash;
        try
        {
            // That of an earlier deployment until this one uploads its own.
            var log = await client.LogAsync(deployment.Machine, TestContext.Current.CancellationToken);
            hash = log.DeploymentId == deployment.Id ? log.Sha256 : null;
        }
        catch (NetDeployApiException e) when (e.Status == 404)
        {
            hash = null;
        }

        if (!deployment.Logs.Contains(hash))
        {
            ledger.Violated($"{deployment.Id} of {deployment.Machine} has the log {hash ?? "-"}, and not one of {string.Join(", ", deployment.Logs)}");
        }

        deployment.Logs.RemoveWhere(l => l != hash);
    }
}
