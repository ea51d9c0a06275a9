using System.Collections.Immutable;
using System.Text;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Documents;

public sealed class DocumentStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void An_applied_set_is_in_force_at_once_and_after_a_restart()
    {
        var store = TestDocuments.Open(_folder.Path);
        Assert.Equal(0, store.Current.Revision);
        var outcome = store.Apply(TestDocuments.Blade());
        Assert.True(outcome.Accepted);
        Assert.Equal(1, outcome.State.Revision);
        var again = TestDocuments.Open(_folder.Path);
        Assert.Equal(1, again.Current.Revision);
        Assert.True(again.Current.Snapshot.Machines.ContainsKey("blade1"));
    }

    [Fact]
    public void What_did_not_change_makes_no_revision()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade());
        Assert.Equal(1, store.Apply(TestDocuments.Blade()).State.Revision);
    }

    [Fact]
    public void A_set_that_does_not_compile_is_refused_and_the_last_good_one_keeps_serving()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade());
        var outcome = store.Apply(new SourceText("blade1.yaml", "kind: ["), TestDocuments.Blade("blade2", "52:54:00:00:00:02"));
        Assert.False(outcome.Accepted);
        Assert.Equal("blade1.yaml", outcome.Diagnostics.First(d => d.Severity == Severity.Error).File);
        Assert.Equal(1, store.Current.Revision);
        Assert.Equal(["blade1"], store.Current.Snapshot.Machines.Keys);
        Assert.Equal(["blade1"], TestDocuments.Open(_folder.Path).Current.Snapshot.Machines.Keys);
    }

    [Fact]
    public void What_the_server_finds_wrong_refuses_a_set_that_compiles()
    {
        var store = TestDocuments.Open(_folder.Path);
        var outcome = store.Apply([TestDocuments.Blade()], null, false, false, _ => [new Diagnostic(Severity.Error, "", 0, 0, "lab", "overlaps", "mend it")]);
        Assert.False(outcome.Accepted);
        Assert.Equal(0, store.Current.Revision);
        Assert.Null(new FileInfo(_folder["current"]).LinkTarget);
    }

    [Fact]
    public void A_stale_revision_is_refused()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade());
        var stale = store.Apply([TestDocuments.Blade("blade2", "52:54:00:00:00:02")], 0, false, false, _ => []);
        Assert.False(stale.Accepted);
        Assert.Contains("revision 1", Assert.Single(stale.Diagnostics).Message, StringComparison.Ordinal);
        Assert.True(store.Apply([TestDocuments.Blade("blade2", "52:54:00:00:00:02")], 1, false, false, _ => []).Accepted);
    }

    [Fact]
    public void Only_prune_removes_what_was_not_sent()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade());
        var second = TestDocuments.Blade("blade2", "52:54:00:00:00:02");
        Assert.Equal(2, store.Apply(second).State.Snapshot.Machines.Count);
        var looked = store.Apply([second], null, prune: true, checkOnly: true, _ => []);
        Assert.Equal(("Machine", "blade1", "blade1.yaml"), looked.Removed is [var would] ? (would.Kind, would.Name, would.File) : default);
        Assert.Equal(2, store.Current.Snapshot.Machines.Count);
        var pruned = store.Apply([second], null, prune: true, checkOnly: false, _ => []);
        Assert.Equal(["blade2"], pruned.State.Snapshot.Machines.Keys);
        Assert.Equal(looked.Removed, pruned.Removed);
    }

    [Fact]
    public void A_document_that_moved_to_another_file_was_not_removed()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade(), TestDocuments.Network);
        var moved = store.Apply([TestDocuments.Blade(path: "rack/blade1.yaml")], null, prune: true, checkOnly: false, _ => []);
        Assert.Equal(["Network lab"], moved.Removed.Select(d => $"{d.Kind} {d.Name}"));
        Assert.Empty(store.Apply([TestDocuments.Blade(path: "rack/blade1.yaml")], null, prune: true, checkOnly: false, _ => []).Removed);
        var refused = store.Apply([new SourceText("x.yaml", "apiVersion: netdeploy/v1\nkind: Nothing\nname: x\n")], null, prune: true, checkOnly: true, _ => []);
        Assert.Empty(refused.Removed);
    }

    [Fact]
    public void A_file_that_would_push_out_a_document_is_refused_and_changes_nothing()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade(path: "web1.yaml"));
        var other = TestDocuments.Blade("blade7", "52:54:00:00:00:07", "web1.yaml");
        var refused = store.Apply(other, TestDocuments.Blade("blade8", "52:54:00:00:00:08"));
        Assert.False(refused.Accepted);
        var dropped = Assert.Single(refused.Diagnostics, d => d.Severity == Severity.Error);
        Assert.Equal(("web1.yaml", 1), (dropped.File, dropped.Line));
        Assert.Contains("Machine 'blade1'", dropped.Message, StringComparison.Ordinal);
        Assert.Contains("--prune", dropped.Remedy, StringComparison.Ordinal);
        Assert.Equal(1, store.Current.Revision);
        Assert.Equal(["blade1"], store.Current.Snapshot.Machines.Keys);
        Assert.False(store.Apply(new SourceText("web1.yaml", "# nothing\n")).Accepted);

        Assert.True(store.Apply(other with { Content = $"{TestDocuments.Blade().Content}\n---\n{other.Content}" }).Accepted);
        Assert.Equal(["blade7"], store.Apply([other], null, prune: true, checkOnly: false, _ => []).State.Snapshot.Machines.Keys);
    }

    [Fact]
    public void A_document_moves_between_files_that_are_sent_together_and_else_by_prune()
    {
        var store = TestDocuments.Open(_folder.Path);
        var second = TestDocuments.Blade("blade2", "52:54:00:00:00:02");
        store.Apply(TestDocuments.Blade(), second);
        var moved = TestDocuments.Blade(path: "blade2.yaml");
        Assert.True(store.Apply(moved, second with { Path = "blade1.yaml" }).Accepted);

        var rack = TestDocuments.Blade(path: "rack.yaml");
        var collides = store.Apply(rack);
        Assert.False(collides.Accepted);
        Assert.Contains("with --prune", collides.Diagnostics.First(d => d.Severity == Severity.Error).Remedy, StringComparison.Ordinal);
        Assert.True(store.Apply([rack, second], null, prune: true, checkOnly: false, _ => []).Accepted);
    }

    [Fact]
    public void A_file_at_the_path_of_a_shipped_one_stands_for_all_of_it()
    {
        var shipped = Directory.EnumerateFiles(TestDocuments.Shipped, "minimal.yaml", SearchOption.AllDirectories).First();
        var store = TestDocuments.Open(_folder.Path);
        var outcome = store.Apply(new SourceText(Path.GetRelativePath(TestDocuments.Shipped, shipped), "apiVersion: netdeploy/v1\nkind: Profile\nname: mine\n"));
        Assert.True(outcome.Accepted, string.Join('\n', outcome.Diagnostics));
        Assert.False(outcome.State.Snapshot.Profiles.ContainsKey("minimal"));
    }

    [Fact]
    public void A_check_changes_nothing()
    {
        var store = TestDocuments.Open(_folder.Path);
        var outcome = store.Apply([TestDocuments.Blade()], null, prune: false, checkOnly: true, _ => []);
        Assert.False(outcome.Accepted);
        Assert.DoesNotContain(outcome.Diagnostics, d => d.Severity == Severity.Error);
        Assert.Equal(0, store.Current.Revision);
    }

    [Theory]
    [InlineData("../escape.yaml")]
    [InlineData("/etc/passwd.yaml")]
    [InlineData("a/../../b.yaml")]
    [InlineData("a//b.yaml")]
    [InlineData("./b.yaml")]
    [InlineData("a\\b.yaml")]
    [InlineData("a\0.yaml")]
    [InlineData("a\n.yaml")]
    [InlineData("script.sh")]
    [InlineData("")]
    public void A_path_that_leaves_the_folder_or_is_no_yaml_is_refused(string path)
    {
        var store = TestDocuments.Open(_folder["store"]);
        Assert.False(store.Apply(TestDocuments.Blade() with { Path = path }).Accepted);
        Assert.Equal(["store"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Names_that_no_file_can_have_and_files_that_are_folders_are_refused_with_a_reason()
    {
        var store = TestDocuments.Open(_folder.Path);
        Assert.False(store.Apply(TestDocuments.Blade() with { Path = new string('ä', 190) + ".yaml" }).Accepted);
        Assert.False(store.Apply(TestDocuments.Blade(), TestDocuments.Blade()).Accepted);
        Assert.False(store.Apply(TestDocuments.Blade(path: "a.yaml"), TestDocuments.Blade("blade2", "52:54:00:00:00:02", "a.yaml/b/c.yaml")).Accepted);
        Assert.True(store.Apply(TestDocuments.Blade(path: "racks/a.yaml"), TestDocuments.Blade("blade2", "52:54:00:00:00:02", "racks/a/b.yaml")).Accepted);
    }

    [Theory]
    [InlineData("r000002.part")]
    [InlineData("r000002")]
    public void What_a_kill_left_is_never_in_force_and_stands_in_nobodys_way(string left)
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade());
        Directory.CreateDirectory(_folder[left]);
        File.WriteAllText(Path.Combine(_folder[left], "blade1.yaml"), "torn");
        Assert.Equal(1, TestDocuments.Open(_folder.Path).Current.Revision);

        Directory.CreateDirectory(_folder[left]);
        File.WriteAllText(Path.Combine(_folder[left], "blade1.yaml"), "torn");
        Assert.True(store.Apply(TestDocuments.Blade("blade2", "52:54:00:00:00:02")).Accepted);
        Assert.Equal(2, TestDocuments.Open(_folder.Path).Current.Snapshot.Machines.Count);
    }

    [Fact]
    public void The_folder_in_force_is_never_written_again_where_an_apply_failed_behind_the_turn()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade());

        // As where the link was turned, and the sync behind it failed: this process still is at revision 1.
        Directory.CreateDirectory(_folder["r000002"]);
        File.WriteAllText(_folder["r000002/blade9.yaml"], TestDocuments.Blade("blade9", "52:54:00:00:00:09").Content);
        File.Delete(_folder["current"]);
        File.CreateSymbolicLink(_folder["current"], "r000002");

        Assert.Equal(3, store.Apply(TestDocuments.Blade("blade2", "52:54:00:00:00:02")).State.Revision);
        Assert.True(File.Exists(_folder["r000002/blade9.yaml"]));
        Assert.Equal(["blade1", "blade2"], TestDocuments.Open(_folder.Path).Current.Snapshot.Machines.Keys.Order());
    }

    [Fact]
    public void A_revision_that_was_gone_back_to_does_not_overwrite_those_behind_it()
    {
        var store = TestDocuments.Open(_folder.Path);
        store.Apply(TestDocuments.Blade());
        store.Apply(TestDocuments.Blade("blade2", "52:54:00:00:00:02"));
        File.Delete(_folder["current"]);
        File.CreateSymbolicLink(_folder["current"], "r000001");

        Assert.Equal(3, TestDocuments.Open(_folder.Path).Apply(TestDocuments.Blade("blade3", "52:54:00:00:00:03")).State.Revision);
        Assert.True(File.Exists(_folder["r000002/blade2.yaml"]));
    }

    [Fact]
    public void Only_the_last_revisions_stay_on_the_disk()
    {
        var store = TestDocuments.Open(_folder.Path);
        for (var i = 1; i <= 14; i++)
        {
            Assert.Equal(i, store.Apply(TestDocuments.Blade() with { Content = TestDocuments.Blade().Content + $"\n# {i}\n" }).State.Revision);
        }

        Assert.Equal(11, Directory.EnumerateDirectories(_folder.Path, "r*").Count());
        Assert.Equal(14, TestDocuments.Open(_folder.Path).Current.Revision);
    }

    [Theory]
    [InlineData("r000009")]
    [InlineData("nonsense")]
    [InlineData("../elsewhere")]
    public void A_link_that_points_nowhere_stops_the_start_with_a_remedy(string target)
    {
        TestDocuments.Open(_folder.Path).Apply(TestDocuments.Blade());
        File.Delete(_folder["current"]);
        File.CreateSymbolicLink(_folder["current"], target);
        var fault = Assert.Throws<ServerFault>(() => TestDocuments.Open(_folder.Path));
        Assert.Contains(target, fault.Message, StringComparison.Ordinal);
        Assert.Contains("ln -sfn", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Stored_texts_that_were_broken_by_hand_stop_the_start_with_their_place()
    {
        TestDocuments.Open(_folder.Path).Apply(TestDocuments.Blade());
        File.WriteAllText(_folder["r000001/blade1.yaml"], "kind: [");
        Assert.Contains("blade1.yaml", Assert.Throws<ServerFault>(() => TestDocuments.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public void Texts_that_were_stored_by_hand_with_a_byte_order_mark_are_read_without_it(string encoding)
    {
        var blade = TestDocuments.Blade() with { Content = $"# für Köln\n{TestDocuments.Blade().Content}" };
        TestDocuments.Open(_folder.Path).Apply(blade);
        Assert.Equal(blade.Content, Assert.Single(TestDocuments.Open(_folder.Path).Current.Applied).Content);

        File.WriteAllText(_folder["r000001/blade1.yaml"], blade.Content, Encoding.GetEncoding(encoding));
        Assert.NotEqual((byte)'#', File.ReadAllBytes(_folder["r000001/blade1.yaml"])[0]);
        Assert.Equal(blade.Content, Assert.Single(TestDocuments.Open(_folder.Path).Current.Applied).Content);
    }

    public void Dispose() => _folder.Dispose();
}
