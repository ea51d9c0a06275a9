using NetDeploy.Cli.Lab.Installer;

namespace NetDeploy.Cli.Tests.Lab.Installer;

public sealed class ComponentsPlanTests
{
    private const string Kernel = "6.12.9+deb13-amd64";
    private static readonly Dictionary<string, string> Initrd = new() { ["libc6-udeb"] = "2", ["anna"] = "1" };

    [Fact]
    public void Stanzas_are_read_with_their_folded_lines_and_written_back()
    {
        const string Text = "Package: a\nVersion: 1\nDepends: b (>= 2), c | d, e:any\nDescription: one\n two\n .\n three\n";

        var stanza = Assert.Single(ControlStanza.Parse(Text + "\n\n"));

        Assert.Equal(("a", "1", "one\n two\n .\n three"), (stanza.Package, stanza.Version, stanza["Description"]));
        Assert.Equal(["b", "c", "d", "e"], stanza.Depends);
        Assert.Equal(Text, stanza.ToString());
        Assert.Equal("Package: a\nVersion: 2\n", stanza.With("Version", "2").Without("Depends", "Description").ToString());
    }

    [Fact]
    public void A_whole_mirror_needs_nothing_rebuilt()
    {
        var plan = Plan("partman-auto:1 partman-base:1 anna:1", served: _ => true);

        Assert.Empty(plan.Rebuilt);
        Assert.Empty(plan.Dropped);
    }

    [Fact]
    public void What_is_missing_takes_with_it_what_needs_it_but_not_what_the_initrd_brings()
    {
        var plan = Plan("a:1 b:1<a c:1<b d:1 libc6-udeb:3 anna:1<a x:1<libc6-udeb", served: s => s.Package is "b" or "c" or "d" or "x");

        Assert.Equal(["anna", "d", "x"], plan.Kept.Select(s => s.Package).Order());
        Assert.Equal(["a", "b", "c", "libc6-udeb"], plan.Dropped);
    }

    [Fact]
    public void Kernel_modules_and_tools_are_rebuilt_where_they_are_missing()
    {
        var plan = Plan($"ext4-modules-{Kernel}-di:1@{Kernel} e2fsprogs-udeb:1 partman-ext3:1<e2fsprogs-udeb,ext4-modules-{Kernel}-di udf-modules-{Kernel}-di:1@{Kernel}", served: s => s.Package == "partman-ext3");

        Assert.Equal([$"ext4-modules-{Kernel}-di", "e2fsprogs-udeb"], plan.Rebuilt.Select(s => s.Package));
        Assert.Equal(["partman-ext3"], plan.Kept.Select(s => s.Package));
        Assert.Equal([$"udf-modules-{Kernel}-di"], plan.Dropped);
    }

    [Fact]
    public void An_index_of_an_earlier_kernel_gives_the_names_and_the_files_are_ours()
    {
        var plan = Plan("ext4-modules-6.12.5+deb13-amd64-di:7@6.12.5+deb13-amd64 a:1", served: _ => true);

        // The old kernel's file is on the mirror and of no use; ours has none there, so it is rebuilt.
        Assert.Equal(["a"], plan.Kept.Select(s => s.Package));
        var modules = Assert.Single(plan.Rebuilt);
        Assert.Equal((Kernel, $"ext4-modules-{Kernel}-di"), (modules["Kernel-Version"], modules.Package));
    }

    [Fact]
    public void The_first_indispensable_component_that_is_gone_is_named() =>
        Assert.Equal("partman-auto", Plan("a:1", served: _ => true).Lacks);

    /// <summary>Words of NAME:VERSION, with @KERNEL and &lt;NAME,NAME for what it needs. An empty Filename is served by nobody.</summary>
    private static ComponentsPlan Plan(string index, Func<ControlStanza, bool> served) =>
        ComponentsPlan.Of([.. index.Split(' ').Select(Stanza)], Initrd, Kernel, s => s["Filename"] is { Length: > 0 } && served(s));

    private static ControlStanza Stanza(string word)
    {
        var (head, depends) = word.Split('<') is [var h, var d] ? (h, d) : (word, "");
        var (name, kernel) = head.Split('@') is [var n, var k] ? (n, k) : (head, null);
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var text = $"Package: {name[..colon]}\nVersion: {name[(colon + 1)..]}\nFilename: pool/{name[..colon]}\n";
        text += kernel is null ? "" : $"Kernel-Version: {kernel}\n";
        text += depends.Length == 0 ? "" : $"Depends: {depends.Replace(",", ", ", StringComparison.Ordinal)}\n";
        return ControlStanza.Parse(text).Single();
    }
}
