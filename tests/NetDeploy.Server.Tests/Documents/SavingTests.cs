using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Documents;

/// <summary>What is saved takes effect; what no longer renders keeps its last good recipe, through restarts and kills.</summary>
public sealed class SavingTests : DocumentWorld
{
    [Fact]
    public async Task A_machine_that_does_not_render_is_listed_and_its_neighbour_is_in_force()
    {
        await StartAsync();
        var outcome = await ApplyAsync(TestDocuments.Network, TestDocuments.Blade(), Broken("blade2", Second));
        Assert.True(outcome.Accepted, string.Join('\n', outcome.Diagnostics));
        Assert.Equal(2, Documents.Current.Snapshot.Machines.Count);

        var state = await RenderedAsync();
        Assert.Equal(["blade2"], state.Result!.Failed.Keys);
        Assert.Equal(1, state.Revision);
        Assert.Empty(state.LastGood);
        Assert.Equal("blade2.yaml", Assert.Single(state.Result.Findings).Diagnostic.File);
        Assert.Equal(
            "1 of 2 machines cannot be granted by revision 1 of the documents, such as blade2: netdeploy show blade2 says what to mend.", Assert.Single(state.Warnings));
    }

    [Fact]
    public async Task It_keeps_the_newest_recipe_that_it_had_also_after_a_restart_and_however_many_revisions_later()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, TestDocuments.Blade());
        await ApplyAsync(Role("[zsh]"), TestDocuments.Blade() with { Content = WithRole });
        await ApplyAsync(Role("{remove: [linux-image-amd64]}"));
        Assert.Equal(2, (await RenderedAsync()).LastGood["blade1"]);
        await ApplyAsync(Role("{remove: [linux-image-amd64, udev]}"));
        Assert.Equal(2, (await RenderedAsync()).LastGood["blade1"]);
        await RestartAsync();
        Assert.Equal(2, (await RenderedAsync()).LastGood["blade1"]);

        // The revision that it keeps outlives those that nothing refers to.
        for (var i = 0; i < 14; i++)
        {
            await ApplyAsync(TestDocuments.Network with { Content = TestDocuments.Network.Content + $"# {i}\n" });
        }

        Assert.Equal(2, (await RenderedAsync()).LastGood["blade1"]);
        Assert.Contains(2, Documents.Revisions());
        Assert.DoesNotContain(1, Documents.Revisions());
        Assert.DoesNotContain("blade1", Core.Profiles.Rendering.Of(Documents.Compile(2)!, _ => []).Failed.Keys);

        await ApplyAsync(Role("[zsh, tmux]"));
        var mended = await RenderedAsync();
        Assert.Empty(mended.LastGood);
        Assert.Empty(mended.Result!.Failed);
    }

    [Fact]
    public async Task What_was_not_rendered_before_a_kill_is_found_by_the_next_start()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, TestDocuments.Blade());
        await RenderedAsync();

        // As a process that ends between the apply and its rendering leaves it.
        TestDocuments.Open(Folder["documents"]).Apply(Broken("blade1", TestDocuments.Mac));
        Assert.False(File.Exists(Path.Combine(Folder["documents"], "last-good")));
        await RestartAsync();
        Assert.Equal(1, (await RenderedAsync()).LastGood["blade1"]);
        Assert.Equal("blade1 1\n", await File.ReadAllTextAsync(Path.Combine(Folder["documents"], "last-good"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_machine_that_never_rendered_is_looked_for_in_the_older_revisions_once()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, Broken("blade1", TestDocuments.Mac));
        await ApplyAsync(TestDocuments.Network with { Content = TestDocuments.Network.Content + "# more\n" });
        Assert.Empty((await RenderedAsync()).LastGood);

        // By what nothing of the product does, the one who looks is told from the one who remembers. It is one file of the first two revisions.
        await File.WriteAllTextAsync(Folder["documents/r000001/blade1.yaml"], TestDocuments.Blade().Content, TestContext.Current.CancellationToken);
        Application.RenderAgain();
        Assert.Empty((await RenderedAsync()).LastGood);
        await ApplyAsync(TestDocuments.Network with { Content = TestDocuments.Network.Content + "# and more\n" });
        Assert.Empty((await RenderedAsync()).LastGood);
        await RestartAsync();
        Assert.Equal(2, (await RenderedAsync()).LastGood["blade1"]);
    }

    [Fact]
    public async Task What_a_machine_had_after_it_was_looked_for_in_vain_is_found()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, Broken("blade1", TestDocuments.Mac));
        Assert.Empty((await RenderedAsync()).LastGood);

        // Two revisions with no rendering between them, as of two applies at once.
        Documents.Apply(TestDocuments.Blade());
        await ApplyAsync(Broken("blade1", TestDocuments.Mac));
        Assert.Equal(2, (await RenderedAsync()).LastGood["blade1"]);
    }

    [Fact]
    public async Task A_rendering_that_broke_is_told_with_its_remedy_and_is_not_waited_for()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, TestDocuments.Blade());
        await using var rendering = new BackgroundRendering(Documents, () => throw new IOException("no space left."), TimeProvider.System, NullLogger.Instance);
        rendering.Begin();
        var state = await rendering.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal((1, null), (state.Revision, state.Result));
        var warning = Assert.Single(state.Warnings);
        Assert.Contains("revision 1 broke", warning, StringComparison.Ordinal);
        Assert.Contains("no space left. Mend that, or restart", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_revision_that_an_apply_removed_since_it_was_chosen_is_nobodys_last_good_one()
    {
        var store = TestDocuments.Open(Folder["documents"]);
        store.Apply(TestDocuments.Network, TestDocuments.Blade());
        Assert.Null(store.Compile(7));

        var kept = store.Keep(ImmutableSortedDictionary<string, long>.Empty.Add("blade1", 1).Add("blade2", 7));

        Assert.Equal(["blade1"], kept.Keys);
        Assert.Equal("blade1 1\n", File.ReadAllText(Path.Combine(Folder["documents"], "last-good")));
    }

    [Fact]
    public void A_document_that_others_need_is_not_removed_and_it_is_said_why()
    {
        var store = TestDocuments.Open(Folder["documents"]);
        store.Apply(TestDocuments.Network, Role("[zsh]"), TestDocuments.Blade() with { Content = WithRole });

        var wrong = Assert.Single(store.Remove("role.yaml"));
        Assert.Contains("role", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(1, store.Current.Revision);
        Assert.Empty(store.Remove("blade1.yaml"));
        Assert.Empty(store.Remove("role.yaml"));
        Assert.Equal(3, store.Current.Revision);
    }

    [Fact]
    public async Task A_machine_whose_hardware_is_anothers_is_not_added_and_the_rest_is_rendered()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, TestDocuments.Blade());
        Assert.True((await Service.ReplaceAsync("blade1", new Binding { Macs = [MacAddress.Parse(Second)] }, null)).Ok);

        var added = await Application.AddMachineAsync(
            _ => new(new MachineText { Name = "web1", EnrolledBy = MachineText.Operator, Mac = MacAddress.Parse(Second), Distro = "debian-12" }, null), CancellationToken.None);

        Assert.Contains("blade1", added.Refusal!.Reason, StringComparison.Ordinal);
        Assert.Equal(["blade1"], Documents.Current.Snapshot.Machines.Keys);
        Assert.Equal(Documents.Current.Revision, (await RenderedAsync()).Revision);
    }

    [Fact]
    public async Task A_check_renders_every_machine_and_changes_nothing()
    {
        await StartAsync();
        var outcome = await Application.ApplyAsync([TestDocuments.Network, Broken("blade1", TestDocuments.Mac)], null, prune: false, checkOnly: true, CancellationToken.None);
        Assert.False(outcome.Accepted);
        var wrong = Assert.Single(outcome.Diagnostics);
        Assert.Equal((Severity.Error, "blade1.yaml"), (wrong.Severity, wrong.File));
        Assert.Equal(0, Documents.Current.Revision);
        Assert.Empty(Directory.EnumerateDirectories(Folder["documents"]));
        Assert.Empty(Service.Machines.Machines);
    }

    [Fact]
    public async Task Its_static_addresses_are_nobodys_to_lease_although_it_does_not_render()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, Broken("blade1", TestDocuments.Mac));
        Assert.Equal(["blade1"], (await RenderedAsync()).Result!.Failed.Keys);
        Assert.Equal("10.77.0.50", Assert.Single(Service.Machines.ByName("blade1")!.Addresses).ToString());
        Assert.True(Assert.Single(Application.Networks.Addressing.Subnets).IsWithheld(Protocols.Dhcp.Ipv4Address.Parse("10.77.0.50")));
    }

    [Fact]
    public async Task Machines_that_say_nothing_new_cost_no_commit_and_many_new_ones_share_commits()
    {
        await StartAsync();
        var commits = 0;
        Store.Fate = () =>
        {
            commits++;
            return CommitFate.Commits;
        };
        await ApplyAsync([TestDocuments.Network, .. Enumerable.Range(1, 300).Select(i => TestDocuments.Blade($"m{i}", $"52:54:00:00:{i / 256:x2}:{i % 256:x2}"))]);
        Assert.Equal(2, commits);
        Assert.Equal(300, Service.Machines.Machines.Length);
        await ApplyAsync(TestDocuments.Network with { Content = TestDocuments.Network.Content + "# more\n" });
        await RestartAsync();
        Assert.Equal(2, commits);
        await ApplyAsync(TestDocuments.Blade("m7", "52:54:00:01:00:07"));
        Assert.Equal(3, commits);
    }

    [Fact]
    public async Task Hardware_goes_from_machine_to_machine_within_one_apply()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Network, TestDocuments.Blade(), TestDocuments.Blade("blade2", Second));
        Assert.Empty((await ApplyAsync(TestDocuments.Blade(mac: "52:54:00:00:00:09"), TestDocuments.Blade("blade2", TestDocuments.Mac))).Diagnostics);
        Assert.Equal(TestDocuments.Mac, Assert.Single(Service.Machines.ByName("blade2")!.Binding.Macs).ToString());
    }

    [Fact]
    public void A_file_that_did_not_change_is_one_file_of_both_revisions_unless_somebody_wrote_it_since()
    {
        var store = TestDocuments.Open(Folder["documents"]);
        store.Apply(TestDocuments.Network, TestDocuments.Blade());
        store.Apply(TestDocuments.Blade("blade2", Second));
        var (first, second) = (Folder["documents/r000001/blade1.yaml"], Folder["documents/r000002/blade1.yaml"]);
        Assert.Equal("2", Links(second));

        File.Delete(second);
        File.WriteAllText(second, "by hand");
        File.SetLastWriteTimeUtc(second, DateTime.UtcNow.AddSeconds(5));
        store.Apply(TestDocuments.Blade("blade3", "52:54:00:00:00:03"));
        Assert.Equal(File.ReadAllText(first), File.ReadAllText(Folder["documents/r000003/blade1.yaml"]));
        Assert.Equal("1", Links(Folder["documents/r000003/blade1.yaml"]));
    }

    private static string WithRole => TestDocuments.Blade().Content.Replace("distro: debian-12", "distro: debian-12\nprofiles: [role]", StringComparison.Ordinal);

    private static SourceText Broken(string name, string mac) =>
        TestDocuments.Blade(name, mac) with { Content = TestDocuments.Blade(name, mac).Content + "\n  nics: [{mac: boot, addresses: [10.77.0.50/24], gateway: 10.99.0.1}]\n" };

    private static SourceText Role(string packages) => new("role.yaml", $"apiVersion: netdeploy/v1\nkind: Profile\nname: role\nsystem:\n  packages: {packages}\n");

    private static string Links(string path)
    {
        using var stat = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%h", path]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd().Trim();
    }
}
