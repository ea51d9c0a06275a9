using System.Text;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Power;

namespace NetDeploy.Server.Tests.Deployments;

public class DeploymentServiceTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blade_goes_from_its_grant_to_installed_and_the_timeline_tells_it_in_order()
    {
        await using var world = await World.StartAsync();
        var (caller, _, firstBoot) = await world.ClaimedAsync();
        await world.Service.ProgressAsync(caller, new DeploymentProgress("step_unpack", 50, null));
        await world.Service.HostKeysAsync(caller, ["ssh-ed25519 AAAA"]);
        await world.Service.WrittenAsync(caller, "0001,0000", 61);
        Assert.Null(await world.PowerOnAsync());
        var system = (await world.Service.AuthenticateAsync(caller.DeploymentId, firstBoot, World.Static, TokenPhase.FirstBoot)).Caller!;
        Assert.IsType<DeploymentAnswer.Accepted>(await world.Service.InstalledAsync(system, "6.1", "blade1", "10.77.0.200", []));

        Assert.Equal(DeploymentState.Installed, world.Current!.State);
        Assert.Equal(caller.DeploymentId, world.Machine.InstalledDeploymentId);
        Assert.Equal(["ssh-ed25519 AAAA"], world.Machine.Observed!.HostKeys);
        var kinds = (await world.TimelineAsync()).Select(e => e.Kind).Where(k => k is not ("dhcp" or "boot-script")).ToList();
        Assert.Equal(["granted", "booting", "claimed", "progress", "host-keys", "written", "installed"], kinds);
        Assert.True((await world.GrantAsync()).Ok);
    }

    [Fact]
    public async Task Tasks_of_the_first_boot_are_told_with_its_token_after_the_report()
    {
        await using var world = await World.StartAsync();
        var (caller, _, firstBoot) = await world.ClaimedAsync();
        await world.Service.WrittenAsync(caller, null, 61);
        var system = (await world.Service.AuthenticateAsync(caller.DeploymentId, firstBoot, World.Static, TokenPhase.FirstBoot)).Caller!;
        await world.Service.InstalledAsync(system, "6.1", "blade1", "10.77.0.200", []);

        Assert.IsType<DeploymentAnswer.Refused>(await world.Service.TaskAsync(caller, new FirstBootTask("script", "a", FirstBootTask.Ok, 1), []));
        Assert.IsType<DeploymentAnswer.Accepted>(await world.Service.TaskAsync(system, new FirstBootTask("script", "a", FirstBootTask.Ok, 1), ["one", "two"]));
        Assert.IsType<DeploymentAnswer.Accepted>(await world.Service.TaskAsync(system, new FirstBootTask("handover", "command", "failed with status\n7", 9), ["no such host"]));

        var told = (await world.TimelineAsync()).Where(e => e.Kind == "task").ToList();
        Assert.Equal(["script a ended: ok, 1 s: one | two", "handover command ended: failed with status 7, 9 s: no such host"], told.Select(e => e.Text));
        Assert.Equal([TimelineSeverity.Info, TimelineSeverity.Alarm], told.Select(e => e.Severity));
        Assert.Equal(DeploymentState.Installed, world.Current!.State);
    }

    [Fact]
    public async Task A_refetch_and_a_restart_give_the_same_token_although_the_store_holds_only_its_hash()
    {
        await using var world = await World.StartAsync();
        await world.GrantAsync();
        var token = (await world.PowerOnAsync())!;
        Assert.Equal(token, await world.ScriptTokenAsync(World.Blade));
        await world.RestartAsync();
        Assert.Equal(token, await world.ScriptTokenAsync(World.Blade));
        var record = System.Text.Json.JsonSerializer.Serialize(world.Current!, Server.Storage.RecordJson.Default.Deployment);
        Assert.DoesNotContain(token, record, StringComparison.Ordinal);
        Assert.DoesNotContain(await world.TimelineAsync(), e => e.Text.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_power_on_makes_new_tokens_and_the_old_ones_open_nothing()
    {
        await using var world = await World.StartAsync();
        await world.GrantAsync();
        var first = (await world.PowerOnAsync())!;
        var second = (await world.PowerOnAsync())!;
        Assert.NotEqual(first, second);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, first, World.Blade, TokenPhase.Deploy)).Refusal);
        Assert.Null((await world.Service.AuthenticateAsync(world.Current.Id, second, World.Blade, TokenPhase.Deploy)).Refusal);
    }

    [Fact]
    public async Task Silence_after_the_claim_ends_in_quarantine_and_release_does_not_reinstall()
    {
        await using var world = await World.StartAsync();
        await world.ClaimedAsync();
        await world.AdvanceAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(DeploymentState.Claimed, world.Current!.State);
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(DeploymentState.Stuck, world.Current!.State);
        Assert.Contains("silent", world.Machine.Quarantine!.Reason, StringComparison.Ordinal);
        Assert.Null(await world.PowerOnAsync());
        Assert.Equal("netdeploy release blade1", (await world.GrantAsync()).Refusal!.Remedy);
        Assert.True((await world.Service.ReleaseAsync(World.Name, Cancelled)).Ok);
        Assert.Null(await world.PowerOnAsync());
        Assert.True((await world.GrantAsync()).Ok);
    }

    [Fact]
    public async Task A_claim_ends_what_the_record_says_of_an_installed_system()
    {
        await using var world = await World.StartAsync();
        var (caller, _, firstBoot) = await world.ClaimedAsync();
        await world.Service.WrittenAsync(caller, null, 61);
        var system = (await world.Service.AuthenticateAsync(caller.DeploymentId, firstBoot, World.Static, TokenPhase.FirstBoot)).Caller!;
        await world.Service.InstalledAsync(system, "6.1", "blade1", "10.77.0.200", []);
        Assert.True(world.Machine.HoldsSystem());

        // A grant alone writes nothing: the system is still there.
        Assert.True((await world.GrantAsync()).Ok);
        Assert.True((await world.Service.CancelAsync(World.Name, "anna", Cancelled)).Ok);
        Assert.True(world.Machine.HoldsSystem());

        world.Fake.Advance(TimeSpan.FromMinutes(10));
        var (again, _, _) = await world.ClaimedAsync();
        Assert.False(world.Machine.HoldsSystem());
        await world.Service.FailedAsync(again, "step_unpack", "hash differs", Cancelled);
        Assert.True((await world.Service.ReleaseAsync(World.Name, Cancelled)).Ok);
        await world.RestartAsync();
        Assert.False(world.Machine.HoldsSystem());
        Assert.Equal(caller.DeploymentId, world.Machine.InstalledDeploymentId);

        // A new system is one that a deploy would overwrite.
        world.Fake.Advance(TimeSpan.FromMinutes(10));
        (caller, _, firstBoot) = await world.ClaimedAsync();
        await world.Service.WrittenAsync(caller, null, 61);
        system = (await world.Service.AuthenticateAsync(caller.DeploymentId, firstBoot, World.Static, TokenPhase.FirstBoot)).Caller!;
        await world.Service.InstalledAsync(system, "6.1", "blade1", "10.77.0.200", []);
        Assert.True(world.Machine.HoldsSystem());
    }

    [Fact]
    public async Task Every_report_is_heard_even_where_its_percentage_is_not_written()
    {
        await using var world = await World.StartAsync();
        var (caller, _, _) = await world.ClaimedAsync();
        for (var i = 0; i < 99; i++)
        {
            await world.Service.ProgressAsync(caller, new DeploymentProgress("step_unpack", i, null));
        }

        Assert.Single(await world.TimelineAsync(), e => e.Kind == "progress");
        for (var i = 0; i < 10; i++)
        {
            await world.AdvanceAsync(TimeSpan.FromMinutes(4));
            await world.Service.ProgressAsync(caller, new DeploymentProgress("step_unpack", i, null));
            await world.AdvanceAsync(TimeSpan.FromMilliseconds(10));
            await world.Service.ProgressAsync(caller, new DeploymentProgress("step_unpack", i, null));
        }

        Assert.Equal(DeploymentState.Claimed, world.Current!.State);
    }

    [Fact]
    public async Task A_grant_expires_after_an_hour_whatever_boots_and_restarts_lie_between()
    {
        await using var world = await World.StartAsync();
        await world.GrantAsync();
        await world.AdvanceAsync(TimeSpan.FromMinutes(30));
        var token = (await world.PowerOnAsync())!;
        await world.RestartAsync();
        await world.AdvanceAsync(TimeSpan.FromMinutes(20));
        Assert.NotNull(await world.PowerOnAsync());
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(DeploymentState.Expired, world.Current!.State);
        Assert.Null(world.Machine.Quarantine);
        Assert.Null(await world.PowerOnAsync());
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current.Id, token, World.Blade, TokenPhase.Deploy)).Refusal);
    }

    [Fact]
    public async Task No_first_boot_in_time_ends_in_quarantine_after_a_restart_too()
    {
        await using var world = await World.StartAsync();
        var (caller, _, _) = await world.ClaimedAsync();
        await world.Service.WrittenAsync(caller, null, null, Cancelled);
        await world.RestartAsync();
        await world.AdvanceAsync(TimeSpan.FromMinutes(15));
        Assert.Equal(DeploymentState.Stuck, world.Current!.State);
        Assert.NotNull(world.Machine.Quarantine);
    }

    [Fact]
    public async Task A_failure_brings_its_log_and_quarantine()
    {
        await using var world = await World.StartAsync();
        var (caller, _, _) = await world.ClaimedAsync();
        await world.Service.FailedAsync(caller, "step_unpack", "hash differs", Cancelled);
        await world.Service.LogAsync(caller, Encoding.UTF8.GetBytes("the log"), Cancelled);
        Assert.Equal(DeploymentState.Failed, world.Current!.State);
        Assert.Equal("step_unpack: hash differs", world.Machine.Quarantine!.Reason);
        Assert.Equal(64, world.Current.LogHash!.Length);
        Assert.Contains(await world.TimelineAsync(), e => e.Kind == "log");
    }

    [Fact]
    public async Task The_newest_log_stays_that_of_the_deployment_before_until_there_is_another_over_a_restart_too()
    {
        await using var world = await World.StartAsync();
        var (caller, _, _) = await world.ClaimedAsync();
        await world.Service.FailedAsync(caller, "step_unpack", "hash differs", Cancelled);
        await world.Service.LogAsync(caller, Encoding.UTF8.GetBytes("the log"), Cancelled);
        var first = world.Current!;
        await world.Service.ReleaseAsync(World.Name, Cancelled);
        // A later deployment has a later id.
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        var (second, _, _) = await world.ClaimedAsync();
        Assert.NotEqual(first.Id, world.Current!.Id);
        await NewestIsAsync(first);

        await world.RestartAsync();
        await NewestIsAsync(first);

        await world.Service.LogAsync(second, Encoding.UTF8.GetBytes("another"), Cancelled);
        Assert.Equal(world.Current!.Id, (await world.Service.LoggedAsync(world.Machine.Id, Cancelled))!.Id);

        async Task NewestIsAsync(Deployment deployment)
        {
            var logged = (await world.Service.LoggedAsync(world.Machine.Id, Cancelled))!;
            Assert.Equal((deployment.Id, deployment.LogHash), (logged.Id, logged.LogHash));
        }
    }

    [Fact]
    public async Task A_preparing_deployment_waits_for_its_image_over_a_restart_and_boots_locally_meanwhile()
    {
        await using var world = await World.StartAsync();
        var granted = await world.Service.GrantAsync(new GrantRequest(World.Name, "r", null, "key", null, "test"), Cancelled);
        Assert.Equal(DeploymentState.Preparing, granted.Value!.State);
        Assert.Null(await world.PowerOnAsync());
        await world.RestartAsync();
        Assert.Equal(granted.Value.Id, Assert.Single(world.Service.Preparing()).Id);
        Assert.True(await world.Service.ImageReadyAsync(granted.Value.Id, "sha", Cancelled));
        Assert.False(await world.Service.ImageReadyAsync(granted.Value.Id, "sha", Cancelled));
        Assert.NotNull(await world.PowerOnAsync());
    }

    [Fact]
    public async Task Of_many_concurrent_grants_one_stands_and_protected_machines_get_none()
    {
        await using var world = await World.StartAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => world.GrantAsync())));
        Assert.Single(results, r => r.Ok);
        await world.Service.CancelAsync(World.Name, "test", Cancelled);
        await world.Service.PutMachineAsync(new MachineDraft(World.Name, MachineKind.Metal, null, [], true), Cancelled);
        Assert.Contains("protected", (await world.GrantAsync()).Refusal!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replaced_hardware_takes_the_name_and_the_old_grant_is_void()
    {
        await using var world = await World.StartAsync();
        await world.GrantAsync();
        var old = (await world.PowerOnAsync())!;
        var id = world.Machine.Id;
        var mac = MacAddress.Parse("52:54:00:00:00:55");
        Assert.True((await world.Service.ReplaceAsync(World.Name, new Binding { Macs = [mac] }, cancellationToken: Cancelled)).Ok);
        Assert.Equal(id, world.Machine.Id);
        Assert.Equal(DeploymentState.Cancelled, world.Current!.State);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current.Id, old, World.Blade, TokenPhase.Deploy)).Refusal);
        Assert.True((await world.GrantAsync()).Ok);
        Assert.Null(await world.PowerOnAsync());
        world.Owners.Lease(World.Static, mac);
        Assert.NotNull(await world.ScriptTokenAsync(World.Static, mac));
    }

    [Fact]
    public async Task Hardware_past_the_claim_is_not_replaced_and_not_cancelled()
    {
        await using var world = await World.StartAsync();
        await world.ClaimedAsync();
        Assert.False((await world.Service.ReplaceAsync(World.Name, new Binding { Macs = [World.NeighbourMac] }, cancellationToken: Cancelled)).Ok);
        Assert.False((await world.Service.CancelAsync(World.Name, "anna", Cancelled)).Ok);
        Assert.Equal(DeploymentState.Claimed, world.Current!.State);
        Assert.False((await world.Service.ForgetAsync(World.Name, Cancelled)).Ok);
    }

    [Fact]
    public async Task A_refused_replace_leaves_the_open_deployment_as_it_is()
    {
        await using var world = await World.StartAsync();
        Assert.True((await world.Service.PutMachineAsync(new MachineDraft("blade2", MachineKind.Metal, new Binding { Macs = [World.NeighbourMac] }, [], false), Cancelled)).Ok);
        await world.GrantAsync();
        var refused = await world.Service.ReplaceAsync(World.Name, new Binding { Macs = [World.NeighbourMac] }, cancellationToken: Cancelled);
        Assert.Equal($"MAC {World.NeighbourMac} belongs to blade2.", refused.Refusal!.Reason);
        Assert.Equal(DeploymentState.Granted, world.Current!.State);
        Assert.Equal([World.Mac], world.Machine.Binding.Macs);
    }

    [Fact]
    public async Task Another_machines_mac_is_refused_with_the_remedy()
    {
        await using var world = await World.StartAsync();
        var clash = await world.Service.PutMachineAsync(new MachineDraft("blade2", MachineKind.Metal, new Binding { Macs = [World.Mac] }, [], false), Cancelled);
        Assert.Contains("belongs to blade1", clash.Refusal!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callbacks_of_an_older_deployment_are_recorded_and_change_nothing()
    {
        await using var world = await World.StartAsync();
        var (old, _, _) = await world.ClaimedAsync();
        await world.AdvanceAsync(TimeSpan.FromMinutes(5));
        await world.Service.ReleaseAsync(World.Name, Cancelled);
        await world.GrantAsync();
        var current = world.Current!;
        Assert.IsType<DeploymentAnswer.Recorded>(await world.Service.WrittenAsync(old, null, null, Cancelled));
        Assert.IsType<DeploymentAnswer.Recorded>(await world.Service.FailedAsync(old, "step", "reason", Cancelled));
        Assert.IsType<DeploymentAnswer.Refused>(await world.Service.ClaimAsync(old, "root", Cancelled));
        Assert.Equal(current, world.Current);
        Assert.Null(world.Machine.Quarantine);
        Assert.Contains(await world.TimelineAsync(), e => e.DeploymentId == old.DeploymentId && e.Text.Contains("nothing changed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_follower_sees_each_entry_once_in_order()
    {
        await using var world = await World.StartAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        stop.CancelAfter(TimeSpan.FromSeconds(30));
        var seen = new List<TimelineEntry>();
        var follower = Task.Run(async () =>
        {
            await foreach (var entry in world.Service.SubscribeAsync(World.Name, 0, stop.Token))
            {
                seen.Add(entry);
                if (entry.Kind == "installed")
                {
                    break;
                }
            }
        }, stop.Token);
        var (caller, _, firstBoot) = await world.ClaimedAsync();
        await world.Service.WrittenAsync(caller, null, null, Cancelled);
        await world.Service.DrainEvidenceAsync(Cancelled);
        var system = (await world.Service.AuthenticateAsync(caller.DeploymentId, firstBoot, World.Blade, TokenPhase.FirstBoot, Cancelled)).Caller!;
        await world.Service.InstalledAsync(system, null, null, null, [], Cancelled);
        await follower;
        Assert.Equal((await world.TimelineAsync()).Select(e => e.Sequence), seen.Select(e => e.Sequence));
    }

    [Fact]
    public async Task Manual_power_tells_the_operator_what_to_do()
    {
        await using var world = await World.StartAsync();
        var result = await new ManualPower().BootFromNetworkAsync(world.Machine, Cancelled);
        Assert.False(result.Done);
        Assert.Contains("52:54:00:00:00:01", result.Text, StringComparison.Ordinal);
    }
}
