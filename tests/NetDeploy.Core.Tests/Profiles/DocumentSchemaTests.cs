using System.Diagnostics;
using System.Text.Json;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Profiles.Reference;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>What editors and readers are told of the documents is what the reader takes.</summary>
public sealed class DocumentSchemaTests
{
    /// <summary>A validator that knows nothing of ours, and a YAML reader too: the schema itself first, then each text.</summary>
    private const string Validator = """
        import json, sys, yaml
        from jsonschema import Draft202012Validator
        given = json.load(sys.stdin)
        Draft202012Validator.check_schema(given["schema"])
        validator = Draft202012Validator(given["schema"])
        answers = []
        for text in given["texts"]:
            errors = [e for d in yaml.load_all(text, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader) if d is not None for e in validator.iter_errors(d)]
            answers.append(errors[0].message[:300] if errors else "")
        json.dump(answers, sys.stdout)
        """;

    [Fact]
    public void Each_key_is_described_and_each_description_is_of_a_key()
    {
        var paths = DocumentReference.Paths().Select(p => p.Path).ToList();
        Assert.Equal("", string.Join('\n', paths.Where(p => ShapeTexts.LineOf(p) is null)));
        Assert.Equal("", string.Join('\n', ShapeTexts.Paths.Except(paths.Select(p => ShapeTexts.LineOf(p)!))));
    }

    [Fact]
    public void The_page_in_the_tree_is_the_one_that_the_code_writes()
    {
        var path = Path.Combine(ShippedFiles.Root, "profiles", "REFERENCE.md");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, DocumentReference.Write());
        }

        Assert.Equal(File.ReadAllText(path), DocumentReference.Write());
    }

    [Fact]
    public void Documents_that_work_are_good_by_the_schema()
    {
        var readme = File.ReadAllText(Path.Combine(ShippedFiles.Root, "profiles", "README.md")).Split("```yaml\n").Skip(1).Select(t => t.Split("```")[0]);
        string[] texts =
        [
            .. ShippedFiles.Profiles.Select(p => p.Content), .. readme, ShippedFiles.Site, ShippedFiles.Network,
            ShippedFiles.MachineWith("  packages: {remove: [zsh], add: [tmux]}\n  users: {replace: []}\n  mirrors: {remove: [debian]}\n  storage: simple"),
            ShippedFiles.Machine(more: "protected: True\nbinding: {macs: [525400aabb01, 52-54-00-AA-BB-02], uuid: 4C4C4544-0042-3510-8052-B4C04F4D3532}"),
            ShippedFiles.MachineWith("  keyboard: {replace: {layout: de}}\n  nics: [{mac: boot, mtu: '9000'}]\n  groups: [{name: a, gid: 500}]"),
        ];
        Assert.True(texts.Length > 8);
        Assert.All(texts.Zip(Validate(texts)), t => Assert.True(t.Second.Length == 0, $"{t.Second}\n{t.First}"));
    }

    [Theory]
    [InlineData("apiVersion: netdeploy/v2\nkind: Machine\nname: a\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machin\nname: a\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machine\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machine\nname: A b\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machine\nname: a\ncolour: red\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machine\nname: a\nprofiles: minimal\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machine\nname: a\nmethod: copy\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Machine\nname: a\nprotected: maybe\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Network\nname: a\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Network\nname: a\nsubnet: 10.77.0.0/24\npools: [{first: 10.77.0.9}]\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Profile\nname: a\nsystem: {timzone: Etc/UTC}\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Profile\nname: a\nsystem: {users: [{name: ops, uid: 0}]}\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Profile\nname: a\nsystem: {storage: {layout: strange}}\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Profile\nname: a\nsystem: {packages: {ad: [zsh]}}\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Profile\nname: a\nsystem: {locale: german}\n")]
    [InlineData("apiVersion: netdeploy/v1\nkind: Profile\nname: a\nsystem: {scripts: {replace: [], locale: x}}\n")]
    public void What_the_reader_refuses_by_itself_the_schema_marks(string text)
    {
        Assert.Contains(Core.Profiles.DocumentSet.Parse([new("a.yaml", text)]).Diagnostics, d => d.Severity == Core.Profiles.Severity.Error);
        Assert.NotEqual("", Assert.Single(Validate(text)));
    }

    [Fact]
    public void Each_kind_has_a_schema_of_its_own()
    {
        Assert.Equal(Shapes.Kinds.Keys, DocumentSchema.Kinds);
        foreach (var kind in DocumentSchema.Kinds)
        {
            Assert.Equal(kind == "Network" ? "" : "x", ValidateBy(DocumentSchema.Of(kind).ToJsonString(), ShippedFiles.Network).Select(e => e.Length > 0 ? "x" : "").Single());
        }
    }

    private static string[] Validate(params string[] texts) => ValidateBy(DocumentSchema.Of().ToJsonString(), texts);

    private static string[] ValidateBy(string schema, params string[] texts)
    {
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Validator]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = python.StandardError.ReadToEndAsync();
        var answers = python.StandardOutput.ReadToEndAsync();
        python.StandardInput.Write($$"""{"schema": {{schema}}, "texts": {{JsonSerializer.Serialize(texts)}}}""");
        python.StandardInput.Close();
        python.WaitForExit();
        Assert.SkipWhen(said.Result.Contains("ModuleNotFoundError", StringComparison.Ordinal), "needs python3-jsonschema and python3-yaml");
        Assert.True(python.ExitCode == 0, said.Result);
        return JsonSerializer.Deserialize<string[]>(answers.Result)!;
    }
}
