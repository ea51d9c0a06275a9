using NetDeploy.Core.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Enrolment;

/// <summary>What is left where a machine that its rule took in, and deployed, is forgotten by half.</summary>
public sealed class ForgetTests
{
    private const string Granting = "rules:\n  - name: r\n    match: {macPrefixes: ['52:54:00']}\n    distro: debian-12\n    namePattern: blade-{n}\n    limit: 8\n    grant: true\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_whose_document_cannot_go_keeps_its_record_and_its_disk()
    {
        await using var world = await EndedAsync();
        var ended = world.DeploymentOf("blade-1")!.Id;

        // A file where the next revision is to be written: what a full disk or a read-only one does.
        var inTheWay = Path.Combine(world.DocumentFolder, $"r{world.Documents.Current.Revision + 1:000000}.part");
        await File.WriteAllTextAsync(inTheWay, "", Cancelled);
        await Assert.ThrowsAsync<ServerFault>(() => world.Application.ForgetAsync("blade-1", Cancelled));
        File.Delete(inTheWay);

        Assert.Contains("sanboot", await world.BootAsync(1), StringComparison.Ordinal);
        Assert.Equal(ended, world.DeploymentOf("blade-1")!.Id);
        Assert.Null((await world.Application.ForgetAsync("blade-1", Cancelled)).Refusal);
        Assert.Empty(world.Names);
    }

    [Fact]
    public async Task A_machine_whose_record_cannot_go_boots_its_disk_and_is_forgotten_by_a_second_order()
    {
        var store = new ForwardingStore(new InMemoryRecordStore());
        await using var world = await EndedAsync(store);
        store.Fate = () => CommitFate.DiesBefore;
        await Assert.ThrowsAsync<StoreException>(() => world.Application.ForgetAsync("blade-1", Cancelled));
        store.Fate = () => CommitFate.Commits;
        await world.RestartAsync();

        Assert.Equal(["blade-1"], world.Names);
        Assert.Contains("sanboot", await world.BootAsync(1), StringComparison.Ordinal);
        Assert.Equal(DeploymentState.Cancelled, world.DeploymentOf("blade-1")!.State);
        Assert.Null((await world.Application.ForgetAsync("blade-1", Cancelled)).Refusal);
        Assert.Empty(world.Names);
    }

    [Fact]
    public async Task Of_a_machine_that_is_being_deployed_nothing_goes()
    {
        await using var world = await NewcomerWorld.StartAsync(Granting);
        await world.BootAsync(1);
        Assert.Contains("Cancel it first", (await world.Application.ForgetAsync("blade-1", Cancelled)).Refusal!.Remedy, StringComparison.Ordinal);
        Assert.Contains("blade-1", world.Documents.Current.Snapshot.Machines.Keys);
    }

    private static async Task<NewcomerWorld> EndedAsync(IRecordStore? store = null)
    {
        var world = await NewcomerWorld.StartAsync(Granting, store);
        await world.BootAsync(1);
        Assert.True((await world.Service.CancelAsync("blade-1", "test", Cancelled)).Ok);
        return world;
    }
}
