using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Enrolment;

/// <summary>A blade is one machine and gets one grant, whatever comes at once and whenever the server dies.</summary>
public sealed class EnrollerTests
{
    private const string Rule = "rules:\n  - name: r\n    match: {macPrefixes: ['52:54:00']}\n    distro: debian-12\n    namePattern: blade-{n}\n    limit: 8\n";
    private const string Granting = Rule + "    grant: true\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blade_that_nobody_named_becomes_a_machine_waits_for_its_image_and_installs_with_nobody_asked()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        var revision = world.Documents.Current.Revision;

        var script = await world.BootAsync(1, "SN1");

        Assert.Contains("netdeploy.hold=52:54:00:00:00:01", script, StringComparison.Ordinal);
        Assert.Contains("blade-1 waits for its image", script, StringComparison.Ordinal);
        Assert.Equal(["blade-1"], world.Names);
        Assert.Equal(revision + 1, world.Documents.Current.Revision);
        var spec = world.Documents.Current.Snapshot.Machines["blade-1"];
        Assert.Equal(("lab/r", "SN1"), (spec.EnrolledBy, spec.Binding.Serial));
        Assert.Equal(DeploymentState.Preparing, world.DeploymentOf("blade-1")!.State);

        await world.BuildImagesAsync();
        await NewcomerWorld.UntilAsync(() => world.DeploymentOf("blade-1")!.State == DeploymentState.Granted);
        Assert.Equal(world.DeploymentOf("blade-1")!.Id, NewcomerWorld.DeploymentIn(await world.BootAsync(1)));
        Assert.Empty(world.SwitchedOn);

        // The next one finds the image there, and installs with its first boot.
        Assert.NotNull(NewcomerWorld.DeploymentIn(await world.BootAsync(2)));
        Assert.Equal(["blade-1", "blade-2"], world.Names);
        await world.Service.DrainEvidenceAsync(Cancelled);
        Assert.Contains((await world.Service.TimelineAsync("blade-2", cancellationToken: Cancelled))!.Entries, e => e.Kind == "enrolled" && e.Text.Contains("lab/r: fits", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_packets_of_one_blade_and_of_many_make_one_machine_each()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        var boots = Enumerable.Range(1, 4).SelectMany(blade => Enumerable.Range(0, 4).Select(_ => Task.Run(() => world.BootAsync(blade), Cancelled)));

        await Task.WhenAll(boots);

        Assert.Equal(["blade-1", "blade-2", "blade-3", "blade-4"], world.Names);
        Assert.Equal(4, world.Service.Machines.Machines.SelectMany(m => m.Binding.Macs).Distinct().Count());
        Assert.Equal(4, world.Service.Machines.Machines.Select(m => world.Service.Current(m.Id)!.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_rule_enrols_no_more_than_its_limit_also_after_a_restart()
    {
        await using var world = await NewcomerWorld.StartAsync(Rule.Replace("limit: 8", "limit: 2", StringComparison.Ordinal));
        await world.BootAsync(1);
        await world.BootAsync(2);
        await world.RestartAsync();

        var script = await world.BootAsync(3);

        Assert.Equal(["blade-1", "blade-2"], world.Names);
        Assert.Contains("its limit", script, StringComparison.Ordinal);
        Assert.Contains("sanboot", script, StringComparison.Ordinal);
        Assert.Equal(RuleOutcome.Blocked, Assert.Single(world.Seen.Find(NewcomerWorld.Mac(3))!.Judgement!.Verdicts).Outcome);
    }

    [Fact]
    public async Task Names_and_addresses_are_given_once()
    {
        await using var world = await NewcomerWorld.StartAsync(
            "rules:\n  - name: r\n    match: {vendor: QEMU}\n    distro: debian-12\n    namePattern: 'h-{serial}'\n    addresses: {first: 10.77.0.1, last: 10.77.0.4}\n");
        await world.BootAsync(1, "A");
        var twice = await world.BootAsync(2, "a");
        await world.BootAsync(3, "b");

        // .1 is the server's.
        Assert.Equal(["h-a", "h-b"], world.Names);
        Assert.Equal(["10.77.0.2", "10.77.0.3"], world.Documents.Current.Snapshot.Machines.Values.Select(m => m.Address!.ToString()));
        Assert.Contains("its name would be h-a, which another machine has", twice, StringComparison.Ordinal);

        // .4 is a stranger's, by its lease; it is free once that has gone to the one that asks.
        world.Owners.Lease(IPAddress.Parse("10.77.0.4"), NewcomerWorld.Mac(9));
        Assert.Contains("no address from 10.77.0.1 to 10.77.0.4 is free", await world.BootAsync(4, "c"), StringComparison.Ordinal);
        world.Owners.Lease(IPAddress.Parse("10.77.0.4"), NewcomerWorld.Mac(4));
        await world.BootAsync(4, "c");
        Assert.Equal("10.77.0.4", world.Documents.Current.Snapshot.Machines["h-c"].Address!.ToString());
        Assert.Contains("no address from 10.77.0.1 to 10.77.0.4 is free", await world.BootAsync(5, "d"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kill_between_document_and_grant_is_mended_by_the_next_boot_with_one_grant()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        // What a kill left: the document in force, and neither record nor grant.
        var machine = new MachineText { Name = "blade-1", EnrolledBy = "lab/r", EnrolledIn = world.Service.Generation, RuleGrants = true, Distro = "debian-12", Mac = NewcomerWorld.Mac(1), Uuid = NewcomerWorld.Uuid(1) };
        Assert.True(world.Documents.Apply([machine.Write()], null, false, false, _ => []).Accepted);
        await world.RestartAsync();
        Assert.Null(world.DeploymentOf("blade-1"));

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => world.BootAsync(1), Cancelled)));

        Assert.Equal(["blade-1"], world.Names);
        Assert.Equal(DeploymentState.Preparing, world.DeploymentOf("blade-1")!.State);
        var first = world.DeploymentOf("blade-1")!.Id;

        // Withdrawn by a person: no rule gives another one.
        Assert.True((await world.Service.CancelAsync("blade-1", "test", Cancelled)).Ok);
        Assert.Contains("sanboot", await world.BootAsync(1), StringComparison.Ordinal);
        await world.RestartAsync();
        await world.BootAsync(1);
        Assert.Equal((first, DeploymentState.Cancelled), (world.DeploymentOf("blade-1")!.Id, world.DeploymentOf("blade-1")!.State));
    }

    [Theory]
    [InlineData(CommitFate.DiesBefore)]
    [InlineData(CommitFate.DiesAfter)]
    [InlineData(CommitFate.LosesRace)]
    public async Task A_process_that_dies_around_any_commit_of_an_enrolment_leaves_one_machine_and_one_grant(CommitFate fate)
    {
        for (var which = 1; which <= 3; which++)
        {
            var store = new ForwardingStore(new InMemoryRecordStore());
            await using var world = await NewcomerWorld.StartAsync(Granting, store);
            var commits = 0;
            store.Fate = () => Interlocked.Increment(ref commits) == which ? fate : CommitFate.Commits;
            try
            {
                await world.BootAsync(1);
            }
            catch (StoreException)
            {
                // It died.
            }

            store.Fate = () => CommitFate.Commits;
            await world.RestartAsync();
            await world.BootAsync(1);
            await world.BootAsync(1);

            Assert.Equal(["blade-1"], world.Names);
            var machine = world.Service.Machines.Machines[0];
            Assert.Equal(DeploymentState.Preparing, Assert.Single(await store.DeploymentsOfAsync(machine.Id, Cancelled)).State);
            Assert.Equal(NewcomerWorld.Mac(1), Assert.Single(machine.Binding.Macs));
        }
    }

    [Fact]
    public async Task A_UUID_of_another_machine_makes_no_second_one_and_a_junk_one_counts_for_nothing()
    {
        await using var world = await NewcomerWorld.StartAsync(Rule);
        var uuid = Guid.Parse("4c4c4544-0042-3510-8052-b4c04f4d3532");
        await world.BootAsync(1, uuid: uuid);
        var second = await world.BootAsync(2, uuid: SmbiosUuid.Swap(uuid));

        Assert.Equal(["blade-1"], world.Names);
        Assert.Contains("netdeploy replace blade-1 --mac 52:54:00:00:00:02", second, StringComparison.Ordinal);

        var junk = Guid.Parse("03000200-0400-0500-0006-000700080009");
        await world.BootAsync(3, uuid: junk);
        await world.BootAsync(4, uuid: junk);
        Assert.Equal(["blade-1", "blade-2", "blade-3"], world.Names);
        Assert.Null(world.Documents.Current.Snapshot.Machines["blade-2"].Binding.Uuid);

        // The same MAC again is the same machine.
        await world.BootAsync(1, uuid: Guid.NewGuid());
        Assert.Equal(3, world.Names.Count());
    }

    [Fact]
    public async Task Documents_that_move_to_another_server_have_nobody_held_or_written()
    {
        await using var world = await NewcomerWorld.StartAsync("unknown: hold\n" + Granting);
        await world.BootAsync(1);
        Assert.NotNull(world.DeploymentOf("blade-1"));

        await using var moved = await NewcomerWorld.StartAsync("unknown: hold\n" + Granting);
        Assert.True((await moved.Application.ApplyAsync(world.Documents.Current.Applied, null, prune: false, checkOnly: false, Cancelled)).Accepted);

        Assert.Contains("sanboot", await moved.BootAsync(1), StringComparison.Ordinal);
        Assert.Equal(["blade-1"], moved.Names);
        Assert.Null(moved.DeploymentOf("blade-1"));
        Assert.NotNull(await moved.BootAsync(2));
        Assert.NotNull(moved.DeploymentOf("blade-2"));
    }

    [Fact]
    public async Task A_restored_store_grants_nothing_that_the_lost_one_may_have_granted()
    {
        var store = new ForwardingStore(new InMemoryRecordStore());
        await using var world = await NewcomerWorld.StartAsync(Granting, store);
        var machine = new MachineText { Name = "blade-1", EnrolledBy = "lab/r", EnrolledIn = world.Service.Generation, RuleGrants = true, Distro = "debian-12", Mac = NewcomerWorld.Mac(1), Uuid = NewcomerWorld.Uuid(1) };
        Assert.True(world.Documents.Apply([machine.Write()], null, false, false, _ => []).Accepted);
        store.GenerationOverride = "restored";
        await world.RestartAsync();

        Assert.Contains("sanboot", await world.BootAsync(1), StringComparison.Ordinal);
        Assert.Null(world.DeploymentOf("blade-1"));
    }

    [Fact]
    public async Task A_rule_that_grants_from_now_on_does_not_grant_what_it_took_in_before()
    {
        await using var world = await NewcomerWorld.StartAsync(Rule);
        await world.BootAsync(1);
        await world.ApplyAsync(Granting);
        await world.BootAsync(1);
        await world.BootAsync(2);

        Assert.Null(world.DeploymentOf("blade-1"));
        Assert.NotNull(world.DeploymentOf("blade-2"));
    }

    [Fact]
    public async Task A_forgotten_machine_whose_exported_document_comes_back_is_not_granted_again()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        await world.BootAsync(1);
        var exported = world.Documents.Current.Applied;
        Assert.True((await world.Application.ApplyAsync(exported, null, prune: false, checkOnly: false, Cancelled)).Accepted);
        Assert.True((await world.Service.CancelAsync("blade-1", "test", Cancelled)).Ok);
        Assert.Null((await world.Application.ForgetAsync("blade-1", Cancelled)).Refusal);

        var back = await world.Application.ApplyAsync(exported, null, prune: false, checkOnly: false, Cancelled);

        Assert.False(back.Accepted);
        Assert.Contains(back.Diagnostics, d => d.Remedy.Contains("ruleGrants", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bystander_in_whose_name_somebody_was_enrolled_keeps_its_disk()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        await world.BootAsync(1, uuid: Guid.Parse("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"));
        await world.BuildImagesAsync();
        await NewcomerWorld.UntilAsync(() => world.DeploymentOf("blade-1")!.State == DeploymentState.Granted);

        Assert.Contains("sanboot", await world.BootAsync(1), StringComparison.Ordinal);

        // A loader that tells no UUID gets as far as its inventory.
        var script = NewcomerWorld.Text(await world.Desk.ScriptAsync(NewcomerWorld.Mac(1), null, NewcomerWorld.Address(1), NewcomerWorld.Network, null, Cancelled));
        Assert.NotNull(NewcomerWorld.DeploymentIn(script));
        var deployment = world.DeploymentOf("blade-1")!;
        var caller = new Caller(deployment.Id, deployment.MachineId, "blade-1", TokenPhase.Deploy, deployment.BootId!, NewcomerWorld.Address(1));
        Assert.IsType<DeploymentAnswer.Refused>(await world.Service.ClaimAsync(caller, "vda", Cancelled));
        await world.Service.InventoryAsync(caller, [new("uuid", NewcomerWorld.Uuid(1).ToString())], Cancelled);
        Assert.IsType<DeploymentAnswer.Refused>(await world.Service.ClaimAsync(caller, "vda", Cancelled));
        Assert.Equal(DeploymentState.Booting, world.DeploymentOf("blade-1")!.State);

        await world.Service.InventoryAsync(caller, [new("uuid", "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE")], Cancelled);
        Assert.IsType<DeploymentAnswer.ClaimGranted>(await world.Service.ClaimAsync(caller, "vda", Cancelled));
    }

    [Fact]
    public async Task Who_tells_nothing_of_its_own_may_be_another_NIC_and_is_not_written()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        Assert.Contains("may be another NIC", await world.BootAsync(1, "To be filled by O.E.M.", Guid.Empty), StringComparison.Ordinal);
        Assert.Empty(world.Names);

        await world.BootAsync(1, "SN1", Guid.Empty);
        Assert.NotNull(world.DeploymentOf("blade-1"));
        Assert.Contains("its serial number is that of blade-1", await world.BootAsync(2, "SN1", Guid.Empty), StringComparison.Ordinal);
        Assert.Equal(["blade-1"], world.Names);

        // Boards of one chassis share a serial number, and have their own UUIDs.
        await world.BootAsync(3, "SN3");
        await world.BootAsync(4, "SN3");
        Assert.Equal(["blade-1", "blade-2", "blade-3"], world.Names);
    }

    [Fact]
    public async Task The_UUID_that_an_inventory_told_counts_where_the_document_names_none()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        var text = new SourceText("web1.yaml", "apiVersion: netdeploy/v1\nkind: Machine\nname: web1\ndistro: debian-12\nbinding: {macs: ['52:54:00:00:00:01']}\n");
        Assert.True((await world.Application.ApplyAsync([text], null, prune: false, checkOnly: false, Cancelled)).Accepted);
        Assert.Null((await world.Orders.DeployAsync("web1", null, null, null, "test", Cancelled)).Refusal);
        await world.BuildImagesAsync();
        await NewcomerWorld.UntilAsync(() => world.DeploymentOf("web1")!.State == DeploymentState.Granted);
        await world.BootAsync(1);
        var deployment = world.DeploymentOf("web1")!;
        await world.Service.InventoryAsync(
            new Caller(deployment.Id, deployment.MachineId, "web1", TokenPhase.Deploy, deployment.BootId!, NewcomerWorld.Address(1)), [new("uuid", NewcomerWorld.Uuid(1).ToString())], Cancelled);

        Assert.Contains("its UUID is that of web1", await world.BootAsync(2, uuid: NewcomerWorld.Uuid(1)), StringComparison.Ordinal);
        Assert.Equal(["web1"], world.Names);
    }

    [Fact]
    public async Task A_store_that_is_full_sends_a_newcomer_to_its_disk_and_takes_it_in_when_there_is_room()
    {
        var store = new ForwardingStore(new InMemoryRecordStore());
        await using var world = await NewcomerWorld.StartAsync(Granting, store);
        store.Fate = () => CommitFate.DiesBefore;

        var refused = await world.BootAsync(1);
        Assert.Contains("sanboot", refused, StringComparison.Ordinal);
        Assert.Contains("cannot store it now", refused, StringComparison.Ordinal);
        Assert.Empty(world.Names);

        store.Fate = () => CommitFate.Commits;
        await world.BootAsync(1);
        Assert.Equal(["blade-1"], world.Names);
        Assert.Equal(DeploymentState.Preparing, world.DeploymentOf("blade-1")!.State);
    }

    [Fact]
    public async Task A_flood_of_made_up_MACs_writes_no_more_than_the_minute_allows()
    {
        await using var world = await NewcomerWorld.StartAsync(Rule.Replace("limit: 8", "limit: 1000", StringComparison.Ordinal));
        for (var blade = 1; blade <= 65; blade++)
        {
            await world.BootAsync(blade);
        }

        Assert.Equal(60, world.Names.Count());
        Assert.Contains("waits for its turn", await world.BootAsync(65), StringComparison.Ordinal);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await world.BootAsync(65);
        Assert.Equal(61, world.Names.Count());
    }

    [Fact]
    public async Task DHCP_alone_and_a_request_in_another_name_enrol_nobody()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        Assert.NotNull(world.Offer(1));
        world.Owners.Lease(NewcomerWorld.Address(2), NewcomerWorld.Mac(2));
        Assert.IsType<BootReply.Refused>(await world.Desk.ScriptAsync(NewcomerWorld.Mac(1), null, NewcomerWorld.Address(2), NewcomerWorld.Network, Smbios.Of("", "", ""), Cancelled));
        Assert.IsType<BootReply.Refused>(await world.Desk.ScriptAsync(NewcomerWorld.Mac(1), null, NewcomerWorld.Address(9), NewcomerWorld.Network, Smbios.Of("", "", ""), Cancelled));
        Assert.Empty(world.Names);
    }

    [Fact]
    public async Task A_slot_names_a_machine_where_a_trusted_relay_tells_it()
    {
        const string BySlot = "rules:\n  - name: r\n    match: {relay: 10.77.0.2, circuitId: 'Gi1/*'}\n    distro: debian-12\n    namePattern: 'r{relay}-s{circuit}'\n";
        await using var world = await NewcomerWorld.StartAsync(BySlot);
        world.Owners.Lease(NewcomerWorld.Address(1), NewcomerWorld.Mac(1));
        foreach (var (relay, names) in ((string?, int)[])[(null, 0), ("10.77.0.9", 0), ("10.77.0.2", 1)])
        {
            world.Offer(1, circuit: "4769312f37", relay: relay);
            await world.Desk.ScriptAsync(NewcomerWorld.Mac(1), null, NewcomerWorld.Address(1), NewcomerWorld.Network, Smbios.Of("", "", ""), Cancelled);
            Assert.Equal(names, world.Names.Count());
        }

        Assert.Equal("r10-77-0-2-sgi1-7", Assert.Single(world.Names));
        Assert.Equal("/4769312f37", world.Service.Machines.Machines[0].Binding.Slot);
    }

    [Theory]
    [InlineData("unknown: ignore\n", false, "")]
    [InlineData("unknown: local-boot\n", true, "sanboot")]
    [InlineData("unknown: hold\n", true, "netdeploy.hold=")]
    public async Task The_policy_is_for_machines_that_no_rule_takes(string policy, bool offered, string script)
    {
        await using var world = await NewcomerWorld.StartAsync(policy + Granting.Replace("52:54:00", "52:54:01", StringComparison.Ordinal));
        Assert.Equal(offered, world.Offer(1) is not null);
        if (offered)
        {
            Assert.Contains(script, await world.BootAsync(1), StringComparison.Ordinal);
        }

        Assert.Empty(world.Names);
    }

    [Fact]
    public async Task UEFI_firmware_gets_iPXE_only_where_its_script_may_start_more_than_the_disk()
    {
        await using var world = await NewcomerWorld.StartAsync("unknown: hold\n");
        var ipxe = NewcomerWorld.Network with { Network = NewcomerWorld.Network.Network with { UefiLoader = Core.Addressing.UefiLoader.Ipxe } };
        BootOffer? Offered() => world.Desk.Offer(new BootClient { Mac = NewcomerWorld.Mac(1), Stage = BootStage.Pxe, Architectures = [7] }, ipxe, out _);
        Assert.Equal("snponly.efi", Offered()!.File);
        await world.ApplyAsync("unknown: local-boot\n");
        Assert.Equal("bootnetx64.efi", Offered()!.File);
    }
}
