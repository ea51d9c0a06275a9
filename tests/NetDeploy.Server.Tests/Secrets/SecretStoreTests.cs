using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Secrets;

public sealed class SecretStoreTests : IDisposable
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly TemporaryFolder _folder = new();

    private string File => _folder["secrets.json"];

    [Fact]
    public void Values_come_back_after_a_restart_and_each_write_is_a_version()
    {
        var store = SecretStore.Open(File, s_key);
        Assert.Equal(1, store.Set("root-hash", "first"));
        Assert.Equal(2, store.Set("root-hash", "second ü\n"));
        Assert.Equal(1, store.Set("other", "x"));
        var again = SecretStore.Open(File, s_key);
        Assert.Equal([new("other", 1), new("root-hash", 2)], again.Names);
        Assert.Equal("second ü\n", again.Reveal()["root-hash"].Reveal());
    }

    [Fact]
    public void Any_text_comes_back() => Gen.String[1, 200].Where(s => s.EnumerateRunes().All(r => r.Value != 0xFFFD)).Sample(text =>
    {
        SecretStore.Open(File, s_key).Set("any", text);
        Assert.Equal(text, SecretStore.Open(File, s_key).Reveal()["any"].Reveal());
    }, iter: 50, threads: 1);

    [Fact]
    public void The_file_tells_nothing_and_belongs_to_its_owner()
    {
        SecretStore.Open(File, s_key).Set("root-hash", "a-value-that-nobody-reads");
        Assert.DoesNotContain("nobody", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void Another_key_opens_nothing()
    {
        SecretStore.Open(File, s_key).Set("root-hash", "x");
        Assert.Contains("key", Assert.Throws<ServerFault>(() => SecretStore.Open(File, new byte[32])).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Boxes_that_were_swapped_between_names_or_put_back_from_an_older_version_are_refused()
    {
        var store = SecretStore.Open(File, s_key);
        store.Set("a", "public");
        store.Set("b", "secret");
        var older = Parse()["b"]!["Box"]!.GetValue<string>();
        store.Set("b", "newer");
        var good = System.IO.File.ReadAllText(File);

        var swapped = Parse();
        (swapped["a"]!["Box"], swapped["b"]!["Box"]) = (swapped["b"]!["Box"]!.DeepClone(), swapped["a"]!["Box"]!.DeepClone());
        AssertRefused(swapped.ToJsonString());

        var replayed = Parse();
        replayed["b"]!["Box"] = older;
        AssertRefused(replayed.ToJsonString());

        System.IO.File.WriteAllText(File, good);
        Assert.Equal("newer", SecretStore.Open(File, s_key).Reveal()["b"].Reveal());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}x")]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"a":{"Version":1}}""")]
    [InlineData("""{"a":{"Version":1,"Box":null}}""")]
    [InlineData("""{"a":{"Version":1,"Box":"AAAA"}}""")]
    [InlineData("""{"a":{"Version":1,"Box":"not base64"}}""")]
    public void A_damaged_file_stops_the_start_with_a_remedy(string content) => AssertRefused(content);

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("a@2")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void A_name_that_could_be_mistaken_is_refused(string name) =>
        Assert.Throws<ServerFault>(() => SecretStore.Open(File, s_key).Set(name, "x"));

    [Theory]
    [InlineData(0)]
    [InlineData((64 * 1024) + 1)]
    public void A_value_has_bounds(int length) =>
        Assert.Throws<ServerFault>(() => SecretStore.Open(File, s_key).Set("a", new string('x', length)));

    [Fact]
    public void A_write_that_failed_changes_nothing()
    {
        var store = SecretStore.Open(File, s_key);
        store.Set("a", "x");
        Directory.CreateDirectory(File + ".part");
        Assert.Throws<ServerFault>(() => store.Set("a", "y"));
        Assert.Equal("x", store.Reveal()["a"].Reveal());
        Assert.Equal("x", SecretStore.Open(File, s_key).Reveal()["a"].Reveal());
    }

    public void Dispose() => _folder.Dispose();

    private JsonNode Parse() => JsonNode.Parse(System.IO.File.ReadAllText(File))!;

    private void AssertRefused(string content)
    {
        System.IO.File.WriteAllText(File, content);
        Assert.Contains(File, Assert.Throws<ServerFault>(() => SecretStore.Open(File, s_key)).Message, StringComparison.Ordinal);
    }
}
