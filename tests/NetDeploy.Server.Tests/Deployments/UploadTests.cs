using NetDeploy.Core.Deployments;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>Who holds one deployment's token neither fills the bulk store nor pushes out what others need.</summary>
public sealed class UploadTests
{
    [Fact]
    public async Task A_deployment_may_upload_its_budget_and_the_refusal_is_told_once()
    {
        await using var world = await World.StartAsync();
        var (caller, _, _) = await world.ClaimedAsync();
        var log = new byte[4 << 20];
        for (byte i = 0; i < UploadBudget.PerDeployment / log.Length; i++)
        {
            log[0] = i;
            Assert.IsType<DeploymentAnswer.Accepted>((await world.Service.LogAsync(caller, log)).Value);
        }

        var last = world.Current!.LogHash;
        for (byte i = 100; i < 110; i++)
        {
            log[0] = i;
            var refused = await world.Service.LogAsync(caller, log.AsMemory(0, i));
            Assert.Null(refused.Value);
            Assert.Contains("32 MiB", refused.Refusal!.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(last, world.Current!.LogHash);
        Assert.Single(await world.TimelineAsync(), e => e is { Kind: "log", Severity: TimelineSeverity.Warning });
        Assert.IsType<DeploymentAnswer.Accepted>(await world.Service.FailedAsync(caller, "step", "a report goes on"));
    }

    [Fact]
    public async Task Many_small_uploads_end_too()
    {
        await using var world = await World.StartAsync();
        var (caller, _, _) = await world.ClaimedAsync();
        var taken = 0;
        while (taken < 1000 && (await world.Service.LogAsync(caller, BitConverter.GetBytes(taken))).Ok)
        {
            taken++;
        }

        Assert.Equal(UploadBudget.PerDeployment / UploadBudget.LeastCharge, taken);
    }

    [Fact]
    public void What_could_not_be_stored_is_given_back_and_other_deployments_have_their_own()
    {
        var budget = new UploadBudget();
        Assert.True(budget.TryTake("d", UploadBudget.PerDeployment));
        Assert.False(budget.TryTake("d", 1));
        Assert.True(budget.TryTake("another", 1));
        budget.GiveBack("d", UploadBudget.PerDeployment);
        Assert.True(budget.TryTake("d", UploadBudget.PerDeployment));
    }

    [Fact]
    public async Task A_refusal_that_the_store_did_not_take_is_told_with_the_next()
    {
        var store = new ForwardingStore(new InMemoryRecordStore());
        await using var world = await World.StartAsync(store);
        var (caller, _, _) = await world.ClaimedAsync();
        for (var i = 0; i < UploadBudget.PerDeployment / UploadBudget.LeastCharge; i++)
        {
            Assert.True((await world.Service.LogAsync(caller, BitConverter.GetBytes(i))).Ok);
        }

        store.Fate = () => CommitFate.DiesBefore;
        await Assert.ThrowsAsync<StoreException>(() => world.Service.LogAsync(caller, new byte[1]));
        store.Fate = () => CommitFate.Commits;
        Assert.False((await world.Service.LogAsync(caller, new byte[1])).Ok);
        Assert.False((await world.Service.LogAsync(caller, new byte[1])).Ok);
        Assert.Single(await world.TimelineAsync(), e => e is { Kind: "log", Severity: TimelineSeverity.Warning });
    }

    /// <summary>Open, installed, and failed after it was installed: each needs its documents whatever others upload, also after a restart.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_documents_of_open_deployments_and_of_the_last_good_recipe_stay(bool restart)
    {
        using var folder = new TemporaryFolder();
        var documents = TestDocuments.Open(folder["documents"]);
        await using var world = await World.StartAsync();
        var installed = await PinAsync("  packages: [nginx-light]\n");
        var (_, _, firstBoot) = await world.ClaimedAsync(installed.Write());
        var system = await world.Service.AuthenticateAsync(world.Current!.Id, firstBoot, World.Blade, TokenPhase.FirstBoot);
        await world.Service.InstalledAsync(system.Caller!, null, null, null, []);

        var failed = await PinAsync("  packages: [vim]\n");
        var (caller, _, _) = await world.ClaimedAsync(failed.Write());
        await world.Service.FailedAsync(caller, "step", "reason");
        await world.Service.LogAsync(caller, new byte[] { 1, 2, 3 });
        await world.Service.ReleaseAsync(World.Name);

        var open = await PinAsync("  packages: [git]\n");
        var (uploader, _, _) = await world.ClaimedAsync(open.Write());
        if (restart)
        {
            await world.RestartAsync();
        }

        world.Fake.Advance(TimeSpan.FromSeconds(1));
        var flood = new byte[4 << 20];
        for (byte i = 0; i < World.BulkTotal / flood.Length * 2; i++)
        {
            flood[0] = i;
            await world.Bulk.AddAsync(flood);
        }

        foreach (var kept in new[] { installed, open })
        {
            await using var file = world.Bulk.Open(kept.Documents);
            Assert.NotNull(file);
        }

        // The newest log that there is, although a newer deployment is under way.
        await using (var log = world.Bulk.Open((await world.Service.LoggedAsync(world.Machine.Id))!.LogHash!))
        {
            Assert.NotNull(log);
        }

        Assert.Equal(DeploymentState.Claimed, (await world.Store.DeploymentAsync(uploader.DeploymentId))!.State);
        await world.AdvanceAsync(TimeSpan.FromDays(365));
        world.Bulk.Sweep();
        await using var lastGood = world.Bulk.Open(installed.Documents);
        Assert.NotNull(lastGood);
        Assert.Null(world.Bulk.Open(open.Documents));

        async Task<PinnedRecipe> PinAsync(string more)
        {
            Assert.True(documents.Apply(TestDocuments.Blade() with { Content = TestDocuments.Blade().Content + "\n" + more }).Accepted);
            var state = documents.Current;
            return await PinnedRecipe.PinAsync(world.Bulk, state, state.Snapshot.Machines[World.Name], null, null, CancellationToken.None);
        }
    }
}
