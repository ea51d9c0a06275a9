using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>What a neighbour on the segment tries, and what it gets. The decision record on threats says the limits.</summary>
public class NeighbourTests
{
    [Fact]
    public async Task Its_own_mac_gets_local_boot_and_is_listed()
    {
        await using var world = await World.StartAsync();
        await world.GrantAsync();
        Assert.Null(await world.ScriptTokenAsync(World.Neighbour, World.NeighbourMac));
        Assert.Equal(World.NeighbourMac, Assert.Single(world.Desk.Seen.List()).Mac);
        Assert.Equal(DeploymentState.Granted, world.Current!.State);
    }

    [Fact]
    public async Task A_forged_mac_in_the_script_url_is_refused_with_an_alarm()
    {
        await using var world = await World.StartAsync();
        await world.GrantAsync();
        Assert.IsType<BootReply.Refused>(await world.Desk.ScriptAsync(World.Mac, null, World.Neighbour, World.Network));
        Assert.Equal(DeploymentState.Granted, world.Current!.State);
        var alarm = Assert.Single(await world.TimelineAsync(), e => e.Severity == TimelineSeverity.Alarm);
        Assert.Contains("52:54:00:00:00:99", alarm.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_nobody_leased_gets_no_script_either()
    {
        await using var world = await World.StartAsync();
        await world.GrantAsync();
        Assert.IsType<BootReply.Refused>(await world.Desk.ScriptAsync(World.Mac, null, System.Net.IPAddress.Parse("10.77.0.250"), World.Network));
        Assert.IsType<BootReply.Refused>(await world.Desk.TftpAsync("grub/grub.cfg", System.Net.IPAddress.Parse("10.77.0.250"), World.Network));
    }

    [Fact]
    public async Task Where_another_server_leases_a_second_address_in_the_same_boot_is_refused_with_an_alarm()
    {
        await using var world = await World.StartAsync();
        world.Owners.Foreign = true;
        await world.GrantAsync();
        Assert.NotNull(await world.PowerOnAsync());
        Assert.Null(await world.ScriptTokenAsync(World.Neighbour));
        Assert.Contains(await world.TimelineAsync(), e => e.Severity == TimelineSeverity.Alarm);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stolen_token_opens_nothing_from_another_address(bool claimed)
    {
        await using var world = await World.StartAsync();
        string deploy, firstBoot;
        if (claimed)
        {
            (_, deploy, firstBoot) = await world.ClaimedAsync();
        }
        else
        {
            await world.GrantAsync();
            deploy = (await world.PowerOnAsync())!;
            firstBoot = (await world.Service.OpenForPlanAsync(await world.CallerAsync(deploy))).FirstBootToken!;
        }

        foreach (var (token, phase) in new[] { (deploy, TokenPhase.Deploy), (firstBoot, TokenPhase.FirstBoot) })
        {
            Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, token, World.Neighbour, phase)).Refusal);
        }

        Assert.Equal(2, (await world.TimelineAsync()).Count(e => e.Severity == TimelineSeverity.Alarm));
    }

    [Fact]
    public async Task A_token_of_one_phase_opens_nothing_of_the_other()
    {
        await using var world = await World.StartAsync();
        var (_, deploy, firstBoot) = await world.ClaimedAsync();
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, deploy, World.Blade, TokenPhase.FirstBoot)).Refusal);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current.Id, firstBoot, World.Blade, TokenPhase.Deploy)).Refusal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task No_token_and_a_guessed_one_open_nothing(string? token)
    {
        await using var world = await World.StartAsync();
        await world.ClaimedAsync();
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, token, World.Blade, TokenPhase.Deploy)).Refusal);
        Assert.NotNull((await world.Service.AuthenticateAsync("unknown", token, World.Blade, TokenPhase.Deploy)).Refusal);
    }

    [Fact]
    public async Task A_replayed_script_fetch_after_the_claim_gets_local_boot_and_an_alarm()
    {
        await using var world = await World.StartAsync();
        await world.ClaimedAsync();
        Assert.Null(await world.PowerOnAsync());
        Assert.Null(await world.ScriptTokenAsync(World.Blade));
        Assert.Contains(await world.TimelineAsync(), e => e is { Severity: TimelineSeverity.Alarm, Kind: "second-boot" });
    }

    [Fact]
    public async Task A_replayed_token_of_an_ended_deployment_reads_no_plan_and_claims_nothing()
    {
        await using var world = await World.StartAsync();
        var (caller, _, _) = await world.ClaimedAsync();
        Assert.NotNull((await world.Service.OpenForPlanAsync(caller)).Deployment);
        await world.Service.WrittenAsync(caller, null, null);
        var (deployment, firstBoot, refusal) = await world.Service.OpenForPlanAsync(caller);
        Assert.Null(deployment);
        Assert.Null(firstBoot);
        Assert.NotNull(refusal);
        Assert.IsType<DeploymentAnswer.Refused>(await world.Service.ClaimAsync(caller, "root"));
    }

    [Fact]
    public async Task A_restored_store_opens_no_old_token()
    {
        var first = await World.StartAsync(new Storage.ForwardingStore(new Storage.InMemoryRecordStore("g1")));
        await using var world = first;
        var (_, deploy, _) = await world.ClaimedAsync();
        ((Storage.ForwardingStore)world.Store).GenerationOverride = "g2";
        await world.RestartAsync();
        Assert.Equal(DeploymentState.Stuck, world.Current!.State);
        Assert.NotNull(world.Machine.Quarantine);
        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current.Id, deploy, World.Blade, TokenPhase.Deploy)).Refusal);
    }

    [Fact]
    public async Task A_flood_of_refused_requests_neither_fills_the_timeline_nor_hides_itself()
    {
        await using var world = await World.StartAsync();
        var (_, deploy, _) = await world.ClaimedAsync();
        for (var i = 0; i < 500; i++)
        {
            await world.Service.AuthenticateAsync(world.Current!.Id, deploy, World.Neighbour, TokenPhase.Deploy);
        }

        Assert.InRange((await world.TimelineAsync()).Count, 5, NoteBudget.PerMinute + 10);
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        await world.Service.AuthenticateAsync(world.Current!.Id, deploy, World.Neighbour, TokenPhase.Deploy);
        Assert.Contains("entries before it were dropped", (await world.TimelineAsync())[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forgotten_machine_leaves_no_budget_behind()
    {
        await using var world = await World.StartAsync();
        var id = world.Machine.Id;
        world.Service.Note(id, TimelineNote.Of("test", TimelineSeverity.Info, "noted"));
        Assert.Equal(1, world.Service.Budgets);
        Assert.True((await world.Service.ForgetAsync(World.Name)).Ok);
        world.Service.Note(id, TimelineNote.Of("test", TimelineSeverity.Info, "late"));
        Assert.Equal(0, world.Service.Budgets);
    }

    [Fact]
    public void The_table_of_strangers_is_bounded()
    {
        var seen = new SeenMachines(TimeProvider.System);
        for (var i = 0; i < SeenMachines.Bound + 50; i++)
        {
            seen.Saw(new Protocols.MacAddress([2, 0, 0, 0, (byte)(i >> 8), (byte)i]), null, null, "unknown");
        }

        Assert.Equal(SeenMachines.Bound, seen.List().Length);
    }
}
