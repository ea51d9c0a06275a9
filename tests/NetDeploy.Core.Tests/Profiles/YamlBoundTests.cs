using System.Diagnostics;
using System.Globalization;
using System.Text;
using CsCheck;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>Whatever is applied: bounded, quick, and never an exception.</summary>
public sealed class YamlBoundTests
{
    private const string Header = "apiVersion: netdeploy/v1\nkind: Profile\nname: p\n";

    [Fact]
    public void Aliases_that_multiply_are_refused_before_they_do()
    {
        var text = new StringBuilder(Header).Append("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Refused(text.ToString(), "more than 50000 values");
    }

    [Fact]
    public void Depth_is_bounded_also_through_aliases()
    {
        Refused(Header + "system: " + new string('[', 100_000), "nested deeper");
        var text = new StringBuilder(Header).Append("b0: &b0 [x]\n");
        for (var i = 1; i < 40; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"b{i}: &b{i} [*b{i - 1}]\n");
        }

        Refused(text.ToString(), "nested deeper");
    }

    [Fact]
    public void Length_is_bounded() => Refused(new string('#', YamlReader.MaxLength + 1), "characters, more than");

    [Fact]
    public void Binary_is_no_text() => Refused("apiVersion: \u0001", "control character");

    [Fact]
    public void Diagnostics_are_bounded()
    {
        var text = new StringBuilder(Header);
        for (var i = 0; i < 5000; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"k{i}: 1\n");
        }

        var result = DocumentSet.Parse([new("a.yaml", text.ToString())]);

        Assert.Equal(DiagnosticBag.Limit + 1, result.Diagnostics.Length);
        Assert.Contains("4800 more", result.Diagnostics[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_honest_alias_is_read()
    {
        var result = ShippedFiles.Parse(Header + "system:\n  users:\n    - {name: bob, groups: &g [adm]}\n    - {name: eve, groups: *g}\n", ShippedFiles.Machine(more: "system: {}").Replace("[minimal]", "[p]", StringComparison.Ordinal));

        Assert.Equal(["adm"], result.Value!.Recipes["blade1"].System.Users[1].Groups);
    }

    /// <summary>Pieces of real documents in any order, with characters that YAML cares for strewn in.</summary>
    [Fact]
    public void No_text_makes_it_throw()
    {
        var pieces = OneOf(
            ShippedFiles.Site, ShippedFiles.Network, ShippedFiles.Machine(), Header, "\n---\n", "...\n", "system:\n", "  users:\n", "    - name: a\n",
            "  packages: {remove: [a], add: [b]}\n", "  storage: {layout: custom}\n", "{", "}", "[", "]", "? ", ": ", "- ", "&a ", "*a ", "!!str ", "!x ", "|\n", ">-\n", "\t", "'", "\"", "%YAML 1.2\n", "\\", "#", "\r", "\ud800", "\0", "<<: *a\n", "replace: ", "nics: [{mac: boot}]\n");
        Gen.Select(pieces.Array[0, 14], Gen.String[0, 6], (p, noise) => string.Concat(p) + noise)
            .Sample(text => DocumentSet.Parse([new("f.yaml", text)]) is { } r && (r.Value is null) == r.Diagnostics.Any(d => d.Severity == Severity.Error), iter: 15000);
    }

    /// <summary>A shipped document with one of its characters replaced, removed or doubled.</summary>
    [Fact]
    public void No_damage_to_a_good_document_makes_it_throw()
    {
        var good = ShippedFiles.Profiles.First().Content;
        Gen.Select(Gen.Int[0, good.Length - 1], OneOf("", "\t", "[", "*", "&x", ":", "-", "'", "|", "\n", "{", "!", "~"), Gen.Int[0, 3])
            .Sample(
                (at, with, cut) =>
                {
                    var text = good[..at] + with + good[Math.Min(at + cut, good.Length)..];
                    var result = DocumentSet.Parse([new("f.yaml", text)]);
                    return (result.Value is null) == result.Diagnostics.Any(d => d.Severity == Severity.Error);
                },
                iter: 1500);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static void Refused(string text, string message)
    {
        var clock = Stopwatch.StartNew();
        var result = DocumentSet.Parse([new("a.yaml", text)]);

        Assert.Null(result.Value);
        Assert.Contains(result.Diagnostics, d => d.Message.Contains(message, StringComparison.Ordinal));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"it took {clock.Elapsed}");
    }
}
