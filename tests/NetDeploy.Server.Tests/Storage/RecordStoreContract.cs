using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

/// <summary>What every store does alike.</summary>
public abstract class RecordStoreContract
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_767_268_800_123);

    protected abstract IRecordStore Open();

    private static Machine Blade(string name, string? id = null) => new()
    {
        Id = id ?? "id-" + name,
        Name = name,
        Binding = new Binding { Macs = [MacAddress.Parse("52:54:00:00:00:01")], Uuid = Guid.Parse("4f6e3c52-9a1b-4d2e-8f00-112233445566"), Since = Noon },
        Addresses = [IPAddress.Parse("10.77.0.10")],
        Quarantine = new Quarantine(Noon, "d0", "silent"),
        Observed = new MachineReport
        {
            At = Noon,
            HostKeys = ["ssh-ed25519 AAAA"],
            Inventory = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("nic", ["eth0", "eth1"]),
        },
    };

    private static Deployment Attempt(string id, string machine, DeploymentState state = DeploymentState.Granted) => new()
    {
        Id = id,
        MachineId = machine,
        MachineName = "blade",
        RecipeHash = "r",
        Generation = "g",
        PlanInputs = "inputs",
        State = state,
        CreatedAt = Noon,
        Boot = new DeploymentBoot(2, "mark", IPAddress.Parse("10.77.0.10"), Noon, new BootTokens("n", "d", "f"), MacAddress.Parse("52:54:00:00:00:01")),
        Progress = new DeploymentProgress("step_unpack", 42, "detail"),
        HostKeys = ["ssh-ed25519 AAAA"],
    };

    private static TimelineDraft Entry(string machine, string text, string? deployment = null) =>
        new(Noon, machine, deployment, new TimelineNote("progress", TimelineSeverity.Alarm, text));

    private static async Task<CommitResult.Committed> Commit(IRecordStore store, StoreChange change) =>
        Assert.IsType<CommitResult.Committed>(await store.CommitAsync(change));

    [Fact]
    public async Task What_was_committed_is_read_back_whole()
    {
        await using var store = Open();
        var committed = await Commit(store, new StoreChange
        {
            Machines = [Blade("a")],
            Deployments = [Attempt("d1", "id-a")],
            Entries = [Entry("id-a", "one", "d1"), Entry("id-a", "two")],
        });
        var machine = await store.MachineAsync("id-a");
        Assert.Equal(
            JsonSerializer.Serialize(Blade("a") with { Revision = 1 }, RecordJson.Default.Machine),
            JsonSerializer.Serialize(machine!, RecordJson.Default.Machine));
        Assert.Equal(["eth0", "eth1"], machine!.Observed!.Inventory["nic"]);
        Assert.Equal(
            JsonSerializer.Serialize(Attempt("d1", "id-a") with { Revision = 1 }, RecordJson.Default.Deployment),
            JsonSerializer.Serialize((await store.DeploymentAsync("d1"))!, RecordJson.Default.Deployment));
        var page = await store.TimelineAsync("id-a");
        Assert.Equal(committed.Entries.AsEnumerable(), page.Entries);
        Assert.Equal(["one", "two"], page.Entries.Select(e => e.Text));
        Assert.True(page.Entries[1].Sequence > page.Entries[0].Sequence);
        Assert.Null(await store.MachineAsync("id-b"));
        Assert.Null(await store.DeploymentAsync("d2"));
    }

    [Fact]
    public async Task A_write_with_a_stale_revision_writes_nothing_at_all()
    {
        await using var store = Open();
        var first = await Commit(store, new StoreChange { Machines = [Blade("a")], Deployments = [Attempt("d1", "id-a")] });
        await Commit(store, new StoreChange { Deployments = [first.Deployments[0] with { State = DeploymentState.Booting }] });
        var stale = new StoreChange
        {
            Machines = [first.Machines[0] with { Protected = true }],
            Deployments = [first.Deployments[0] with { State = DeploymentState.Claimed }],
            Entries = [Entry("id-a", "never")],
        };
        Assert.IsType<CommitResult.Conflict>(await store.CommitAsync(stale));
        Assert.IsType<CommitResult.Conflict>(await store.CommitAsync(new StoreChange { Machines = [Blade("a")] }));
        Assert.IsType<CommitResult.Conflict>(await store.CommitAsync(new StoreChange { Forgotten = [first.Machines[0] with { Revision = 7 }] }));
        Assert.Equal(DeploymentState.Booting, (await store.DeploymentAsync("d1"))!.State);
        Assert.False((await store.MachineAsync("id-a"))!.Protected);
        Assert.Empty((await store.TimelineAsync("id-a")).Entries);
    }

    [Fact]
    public async Task Names_are_unique()
    {
        await using var store = Open();
        await Commit(store, new StoreChange { Machines = [Blade("a")] });
        Assert.IsType<CommitResult.Conflict>(await store.CommitAsync(new StoreChange { Machines = [Blade("a", "other")] }));
    }

    [Fact]
    public async Task Of_many_that_race_for_one_revision_exactly_one_wins()
    {
        await using var store = Open();
        var first = (await Commit(store, new StoreChange { Machines = [Blade("a")], Deployments = [Attempt("d1", "id-a")] })).Deployments[0];
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
            await store.CommitAsync(new StoreChange { Deployments = [first with { ClaimedBootId = $"d1.{i}" }], Entries = [Entry("id-a", $"{i}")] }))));
        var winner = Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.Equal(winner.Deployments[0].ClaimedBootId, (await store.DeploymentAsync("d1"))!.ClaimedBootId);
        Assert.Single((await store.TimelineAsync("id-a")).Entries);
    }

    [Fact]
    public async Task Deployments_are_found_by_machine_and_by_being_open()
    {
        await using var store = Open();
        await Commit(store, new StoreChange { Machines = [Blade("a"), Blade("b")] });
        await Commit(store, new StoreChange { Deployments = [Attempt("d1", "id-a", DeploymentState.Installed), Attempt("d2", "id-a"), Attempt("d3", "id-b", DeploymentState.Preparing)] });
        Assert.Equal(["d2", "d1"], (await store.DeploymentsOfAsync("id-a")).Select(d => d.Id));
        Assert.Equal(["d2", "d3"], (await store.OpenDeploymentsAsync()).Select(d => d.Id));
        var open = (await store.DeploymentAsync("d2"))!;
        await Commit(store, new StoreChange { Deployments = [open with { State = DeploymentState.Stuck }] });
        Assert.Equal(["d3"], (await store.OpenDeploymentsAsync()).Select(d => d.Id));
        Assert.Equal(["a", "b"], (await store.MachinesAsync()).Select(m => m.Name));
    }

    [Fact]
    public async Task A_timeline_is_read_page_by_page_and_never_mixes_machines()
    {
        await using var store = Open();
        await Commit(store, new StoreChange { Machines = [Blade("a"), Blade("b")] });
        for (var i = 0; i < 20; i++)
        {
            await Commit(store, new StoreChange { Entries = [Entry("id-a", $"a{i}"), Entry("id-b", $"b{i}")] });
        }

        var first = await store.TimelineAsync("id-a", 0, 15);
        var rest = await store.TimelineAsync("id-a", first.Entries[^1].Sequence, 15);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"a{i}"), first.Entries.Concat(rest.Entries).Select(e => e.Text));
        Assert.Equal(0, rest.Dropped);
    }

    [Fact]
    public async Task A_timeline_keeps_its_last_entries_and_says_how_many_went()
    {
        await using var store = Open();
        await Commit(store, new StoreChange { Machines = [Blade("a")] });
        const int More = 150;
        for (var i = 0; i < (IRecordStore.TimelineBound + More) / 50; i++)
        {
            await Commit(store, new StoreChange { Entries = [.. Enumerable.Range(i * 50, 50).Select(n => Entry("id-a", $"{n}"))] });
        }

        var page = await store.TimelineAsync("id-a");
        Assert.Equal(IRecordStore.TimelineBound, page.Entries.Length);
        Assert.Equal(More, page.Dropped);
        Assert.Equal($"{More}", page.Entries[0].Text);
    }

    [Fact]
    public async Task What_anyone_can_cause_pushes_no_history_out_of_a_timeline_but_history_has_a_bound_too()
    {
        await using var store = Open();
        await Commit(store, new StoreChange { Machines = [Blade("a")] });
        await Fill("claimed", 1, "of old");
        for (var i = 0; i < (IRecordStore.TimelineBound / 50) + 2; i++)
        {
            await Fill("refused", 50, "a neighbour");
        }

        var page = await store.TimelineAsync("id-a");
        Assert.Equal((IRecordStore.TimelineBound, 101), (page.Entries.Length, (int)page.Dropped));
        Assert.Equal("of old", page.Entries[0].Text);

        for (var i = 0; i < IRecordStore.TimelineBound / 50; i++)
        {
            await Fill("failed", 50, $"{i}");
        }

        page = await store.TimelineAsync("id-a");
        Assert.Equal(IRecordStore.TimelineBound, page.Entries.Length);
        Assert.DoesNotContain(page.Entries, e => e.Text == "of old");
        Assert.Equal($"{(IRecordStore.TimelineBound / 50) - 1}", page.Entries[^1].Text);

        Task Fill(string kind, int count, string text) => Commit(store, new StoreChange
        {
            Entries = [.. Enumerable.Repeat(new TimelineDraft(Noon, "id-a", null, new TimelineNote(kind, TimelineSeverity.Warning, text)), count)],
        });
    }

    [Fact]
    public async Task Old_deployments_of_a_machine_go_but_never_an_open_one_nor_the_one_that_is_installed()
    {
        await using var store = Open();
        await Commit(store, new StoreChange { Machines = [Blade("a") with { InstalledDeploymentId = "c000" }], Deployments = [Attempt("c000", "id-a", DeploymentState.Installed), Attempt("d000", "id-a")] });
        for (var i = 1; i <= IRecordStore.DeploymentBound + 10; i++)
        {
            await Commit(store, new StoreChange { Deployments = [Attempt($"d{i:000}", "id-a", DeploymentState.Failed)] });
        }

        var kept = (await store.DeploymentsOfAsync("id-a")).Select(d => d.Id).ToList();
        Assert.InRange(kept.Count, IRecordStore.DeploymentBound, IRecordStore.DeploymentBound + 2);
        Assert.Contains("c000", kept);
        Assert.Contains("d000", kept);
        Assert.DoesNotContain("d001", kept);
        Assert.Contains($"d{IRecordStore.DeploymentBound + 10:000}", kept);
    }

    [Fact]
    public async Task A_forgotten_machine_takes_its_history_along_and_frees_its_name()
    {
        await using var store = Open();
        var machine = (await Commit(store, new StoreChange
        {
            Machines = [Blade("a")],
            Deployments = [Attempt("d1", "id-a")],
            Entries = [Entry("id-a", "one")],
        })).Machines[0];
        await Commit(store, new StoreChange { Forgotten = [machine] });
        Assert.Null(await store.MachineAsync("id-a"));
        Assert.Null(await store.DeploymentAsync("d1"));
        Assert.Empty((await store.TimelineAsync("id-a")).Entries);
        await Commit(store, new StoreChange { Machines = [Blade("a", "new")] });
    }
}

public sealed class InMemoryRecordStoreTests : RecordStoreContract
{
    protected override IRecordStore Open() => new InMemoryRecordStore();
}
