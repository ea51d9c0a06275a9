using NetDeploy.Core.Profiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Deployments;

public sealed class PinnedRecipeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BulkStore _bulk;
    private readonly DocumentStore _documents;

    public PinnedRecipeTests()
    {
        _bulk = new BulkStore(_folder["bulk"]);
        _documents = TestDocuments.Open(_folder["documents"]);
    }

    [Fact]
    public async Task A_later_apply_changes_nothing_of_what_was_pinned()
    {
        var (pin, recipe) = await PinAsync();
        Assert.True(_documents.Apply(TestDocuments.Blade() with { Content = TestDocuments.Blade().Content + "\n  packages: [nginx-light]\n" }).Accepted);
        Assert.NotEqual(recipe.Hash, Recipe().Hash);
        Assert.Equal(recipe.Hash, (await PinnedRecipe.ResolveAsync(_bulk, pin, recipe.Hash, CancellationToken.None)).Recipe.Hash);
    }

    [Fact]
    public async Task The_texts_of_other_machines_are_not_pinned()
    {
        _documents.Apply(TestDocuments.Blade("other", "52:54:00:00:00:02"));
        await PinAsync();
        var pinned = await File.ReadAllTextAsync(Assert.Single(Directory.EnumerateFiles(_folder["bulk"])));
        Assert.Contains("blade1.yaml", pinned, StringComparison.Ordinal);
        Assert.DoesNotContain("other.yaml", pinned, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_resolved_again_is_told_with_a_remedy_and_never_replaced()
    {
        var (pin, recipe) = await PinAsync();
        await AssertFaultAsync(pin, new string('0', 64));
        await AssertFaultAsync("not json", recipe.Hash);
        var file = Assert.Single(Directory.EnumerateFiles(_folder["bulk"]));
        await File.WriteAllTextAsync(file, "torn");
        await AssertFaultAsync(pin, recipe.Hash);
        File.Delete(file);
        await AssertFaultAsync(pin, recipe.Hash);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<(string Pin, Recipe Recipe)> PinAsync()
    {
        _documents.Apply(TestDocuments.Blade());
        var state = _documents.Current;
        var pin = await PinnedRecipe.PinAsync(_bulk, state, state.Snapshot.Machines["blade1"], null, null, CancellationToken.None);
        return (pin.Write(), Recipe());
    }

    private Recipe Recipe()
    {
        var snapshot = _documents.Current.Snapshot;
        return snapshot.Resolve(snapshot.Machines["blade1"], null, null).Value!;
    }

    private async Task AssertFaultAsync(string pin, string hash) =>
        Assert.NotEmpty((await Assert.ThrowsAsync<ServerFault>(() => PinnedRecipe.ResolveAsync(_bulk, pin, hash, CancellationToken.None))).Remedy);
}
