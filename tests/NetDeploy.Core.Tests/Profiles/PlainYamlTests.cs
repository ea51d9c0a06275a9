using System.Globalization;
using System.Text;
using CsCheck;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>The quick reader gives up, or reads what the whole of YAML reads, to the column.</summary>
public sealed class PlainYamlTests
{
    private const string Machine = """
        # a comment
        apiVersion: netdeploy/v1
        kind: Machine   # another
        name: web-1
        distro: debian-12
        profiles: [role1, role2]
        address: 10.77.0.21

        binding:
          macs: ["52:54:00:12:34:56", '52:54:00:12:34:57']
          slot: {circuitId: 0a01, remoteId: ff}
        system:
          packages:
          - zsh
          - name: alias
            families: {debian: zsh}
          nics:
            - mac: boot
              addresses:
                - 10.77.0.21/24
            - {mac: boot, dhcp: true}
          kernelArguments: []
        ---
        apiVersion: netdeploy/v1
        kind: Profile
        name: p
        """;

    [Theory]
    [InlineData(Machine)]
    [InlineData("a: b")]
    [InlineData("a: b\n---\n---\nc: d\n---\n")]
    [InlineData("a:\n- b\n- c: d\n  e: f\n- [g, {h: i}]\ng: 1\n")]
    [InlineData("a: ~\nb: null\nc: 'null'\nd: x # y\ne: x#y\nf: http://a/b:80\n")]
    [InlineData("# nothing\n")]
    [InlineData("")]
    public void It_reads_what_is_plain(string text)
    {
        Assert.True(PlainYaml.TryRead(new("f.yaml", text), out _), "It gave up.");
        Agree(text);
    }

    [Theory]
    [InlineData("a: |\n  b\n")]
    [InlineData("a: b\n  c\n")]
    [InlineData("a: &x b\nc: *x\n")]
    [InlineData("a: \"b\\n\"\n")]
    [InlineData("a: 'it''s'\n")]
    [InlineData("a:\n")]
    [InlineData("a: b\na: c\n")]
    [InlineData("a: b: c\n")]
    [InlineData("a: ä\n")]
    [InlineData("a:\tb\n")]
    [InlineData("<<: b\n")]
    [InlineData(" a: b\nc: d\n")]
    [InlineData("a:\n  - b\n c: d\n")]
    [InlineData("a: [b\n  , c]\n")]
    [InlineData("a: [b, c")]
    [InlineData("a: [b: c]\n")]
    [InlineData("- a\n")]
    [InlineData("%YAML 1.1\n---\na: b\n")]
    [InlineData("--- {a: b}\n")]
    [InlineData("a: b\n...\n")]
    public void It_gives_up_where_it_is_not_sure(string text) =>
        Assert.False(PlainYaml.TryRead(new("f.yaml", text), out _));

    [Fact]
    public void The_shipped_documents_and_machines_of_a_site_are_read_alike()
    {
        Assert.All(ShippedFiles.Profiles, p => Agree(p.Content));
        Agree(ShippedFiles.Site);
        Agree(ShippedFiles.Network);
        Agree(ShippedFiles.Machine());
    }

    [Fact]
    public void Whatever_a_text_becomes_by_edits_is_read_alike()
    {
        var pieces = new[] { " ", "  ", "\n", ":", ": ", "- ", "-", "#", " #", "'", "\"", "[", "]", "{", "}", ",", ", ", "a", "b: c", "~", "null", "---", "\n---\n", "|", ">", "&a ", "*a", "!", "?", "\\", "1", "@", "%", "`", "<<: " };
        Gen.Select(Gen.Int[0, Machine.Length], Gen.Int[0, 6], Gen.Int[0, pieces.Length - 1]).Array[1, 6].Sample(
            edits =>
            {
                var text = new StringBuilder(Machine);
                foreach (var (at, cut, piece) in edits)
                {
                    var place = Math.Min(at, text.Length);
                    text.Remove(place, Math.Min(cut, text.Length - place)).Insert(place, pieces[piece]);
                }

                Agree(text.ToString());
            },
            iter: 8_000);
    }

    [Fact]
    public void Whatever_little_text_there_is_is_read_alike()
    {
        var pieces = new[] { "a", "b", " ", "  ", "\n", "\n  ", ": ", ":", "- ", "-", "#", " #", "'", "\"", "[", "]", "{", "}", ",", ", ", "---", "x y", "?", "\n- ", "\na: ", "\n  b: " };
        Gen.Int[0, pieces.Length - 1].Array[1, 14].Sample(parts => Agree(string.Concat(parts.Select(p => pieces[p]))), iter: 30_000);
    }

    private static void Agree(string text)
    {
        var source = new SourceText("f.yaml", text);
        if (!PlainYaml.TryRead(source, out var quick))
        {
            return;
        }

        var diagnostics = new DiagnosticBag();
        var all = YamlReader.ReadAll(source, diagnostics, out var whole);
        Assert.True(whole && !diagnostics.HasErrors, $"Only the quick one reads this:\n{text}\n{string.Join('\n', diagnostics.ToImmutable())}");
        Assert.Equal(string.Join("\n---\n", all.Select(Told)), string.Join("\n---\n", quick.Select(Told)));
    }

    private static string Told(Node node)
    {
        var at = string.Create(CultureInfo.InvariantCulture, $"{node.Origin.Line}:{node.Origin.Column} {node.Count}/{node.Depth}");
        return node switch
        {
            ScalarNode s => $"{at} '{s.Value}'{(s.IsNull ? " null" : "")}",
            ListNode l => $"{at} [{string.Join(", ", l.Items.Select(Told))}]",
            MapNode m => $"{at} {{{string.Join(", ", m.Entries.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Key}@{e.KeyOrigin.Line}:{e.KeyOrigin.Column} {Told(e.Value)}")))}}}",
            _ => at,
        };
    }
}
