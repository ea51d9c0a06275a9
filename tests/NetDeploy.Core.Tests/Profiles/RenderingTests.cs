using CsCheck;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>What compiles takes effect; what each machine gets of it is found by rendering, equal shapes once.</summary>
public sealed class RenderingTests
{
    private const string NoKernel = "apiVersion: netdeploy/v1\nkind: Profile\nname: bare\nsystem:\n  packages: {remove: [linux-image-amd64]}\n";

    [Fact]
    public void A_machine_that_does_not_render_keeps_no_other_from_its_recipe()
    {
        var snapshot = Compile(ShippedFiles.Site, NoKernel, Machine("good"), Machine("bad", profiles: "bare"));
        var rendering = Rendering.Of(snapshot, _ => []);

        Assert.Equal(["bad"], rendering.Failed.Keys);
        var finding = Assert.Single(rendering.Findings);
        Assert.Contains("no kernel", finding.Diagnostic.Message, StringComparison.Ordinal);
        Assert.EndsWith("(bad)", finding.Told.Message, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Diagnostic.File);
        Assert.Null(ShippedFiles.Parse(ShippedFiles.Site, NoKernel, Machine("bad", profiles: "bare")).Value);
    }

    [Fact]
    public void Machines_that_differ_in_identity_alone_are_rendered_once()
    {
        var network = ShippedFiles.Network;
        var snapshot = Compile([ShippedFiles.Site, network, .. Enumerable.Range(10, 40).Select(i => Machine($"m{i}", $"address: 10.77.0.{i}\nbinding: {{macs: ['52:54:00:00:00:{i}']}}"))]);
        var asked = 0;
        var rendering = Rendering.Of(snapshot, _ =>
        {
            asked++;
            return [];
        });

        Assert.Equal((40, 1, 1), (rendering.Machines, rendering.Shapes, asked));
        Assert.Equal(3, Rendering.Of(Compile(
            ShippedFiles.Site, Machine("a"), Machine("b", "type: guest"), Machine("c", "system: {timezone: Etc/UTC}"), Machine("d", "system: {timezone: 'Etc/UTC'} # alike")), _ => []).Shapes);
    }

    [Fact]
    public void A_fault_of_a_profile_is_told_once_and_one_of_machines_at_each()
    {
        string[] machines = [.. Enumerable.Range(10, 5).Select(i => Machine($"m{i}", profiles: "bare"))];
        var shared = Assert.Single(Rendering.Of(Compile([ShippedFiles.Site, NoKernel, .. machines]), _ => []).Findings);
        Assert.Equal((5, 3), (shared.Machines, shared.Examples.Length));
        Assert.Contains("(5 machines: m10, m11, m12, ...)", shared.Told.Message, StringComparison.Ordinal);

        machines = [.. Enumerable.Range(10, 5).Select(i => Machine($"m{i}", "system: {nics: [{mac: boot, addresses: [10.77.0.9/24], gateway: 10.1.1.1}]}"))];
        var own = Rendering.Of(Compile([ShippedFiles.Site, .. machines]), _ => []);
        Assert.Equal(1, own.Shapes);
        Assert.Equal(5, own.Failed.Count);
        Assert.Equal(5, own.Findings.Select(f => f.Diagnostic.File).Distinct().Count());
    }

    [Fact]
    public void What_compiles_file_by_file_is_what_compiles_at_once()
    {
        // Files come, go and change: references break and heal, names and hardware collide.
        string[] bodies =
        [
            "",
            "kind: [",
            "# nothing\n",
            Machine("a", "binding: {macs: ['52:54:00:00:00:01']}"),
            Machine("b", "binding: {macs: ['52:54:00:00:00:01']}\naddress: 10.77.0.20"),
            Machine("a", "address: 10.77.0.20"),
            Machine("c", "address: 10.77.0.1\nplatform: p1", "web"),
            Machine("d", "binding: {slot: {circuitId: ff}, uuid: 4c4c4544-0042-3510-8052-b4c04f4d3532}", "web, web"),
            Machine("e", "binding: {uuid: 4C4C4544-0042-3510-8052-B4C04F4D3532}", "lab"),
            Machine("f", "colour: red") + "\n---\n" + Machine("g", "system: {timezone: Mars/Olympus}"),
            Profile("web", "parents: [base]"),
            Profile("base", "parents: [web]"),
            Profile("base", "system: {timezone: Etc/UTC, packages: [zsh]}"),
            Profile("web", "system: {packages: {remove: [linux-image-amd64]}}"),
            ShippedFiles.Site,
            ShippedFiles.Network,
            ShippedFiles.Network + "\nrelays: [10.77.0.3]\n",
            "apiVersion: netdeploy/v1\nkind: Platform\nname: p1\nsystem: {domain: p1.test}\n",
        ];
        Gen.Select(Gen.Int[0, 7], Gen.Int[-1, bodies.Length - 1]).Array[1, 14].Sample(
            edits =>
            {
                var texts = new SortedDictionary<string, SourceText>(StringComparer.Ordinal);
                var before = Snapshot.Empty;
                foreach (var (slot, body) in edits)
                {
                    var path = $"f{slot}.yaml";
                    if (body < 0)
                    {
                        texts.Remove(path);
                    }
                    else
                    {
                        texts[path] = new(path, bodies[body]);
                    }

                    SourceText[] all = [.. ShippedFiles.Profiles, .. texts.Values];
                    var step = DocumentSet.Compile(all, before);
                    var whole = DocumentSet.Compile(all);
                    Assert.Equal(whole.Diagnostics, step.Diagnostics);
                    Assert.Equal(whole.Value is null, step.Value is null);
                    if (step.Value is { } snapshot && whole.Value is { } other)
                    {
                        Assert.Equal(other.Machines.Keys, snapshot.Machines.Keys);
                        Assert.Equal(other.Places.Order(PlaceOrder), snapshot.Places.Order(PlaceOrder));
                        Assert.Equal(other.Recipes.Values.Select(r => r.Hash), snapshot.Recipes.Values.Select(r => r.Hash));
                        var (rendered, otherwise) = (Rendering.Of(snapshot, _ => []), Rendering.Of(other, _ => []));
                        Assert.Equal(otherwise.Failed.Keys.Order(), rendered.Failed.Keys.Order());
                        Assert.Equal(otherwise.Findings.Select(f => f.Told), rendered.Findings.Select(f => f.Told));
                        before = snapshot;
                    }
                }
            },
            iter: 150);
    }

    [Fact]
    public void A_shape_says_of_a_machine_what_its_own_recipe_says()
    {
        string[] own = ["", "type: guest", "system: {timezone: Etc/UTC}", "system: {packages: {remove: [linux-image-amd64]}}", "system: {nics: [{mac: boot, addresses: [10.77.0.9/24], gateway: 10.1.1.1}]}", "system: {storage: {layout: custom}}"];
        Gen.Select(Gen.Int[0, own.Length - 1], Gen.Bool).Array[1, 8].Sample(
            machines =>
            {
                var snapshot = Compile([ShippedFiles.Site, NoKernel, .. machines.Select((m, i) => Machine($"m{i}", own[m.Item1], m.Item2 ? "bare" : "minimal"))]);
                var rendering = Rendering.Of(snapshot, _ => []);
                Assert.Equal(
                    snapshot.Machines.Values.Where(m => Rendering.Check(snapshot, m, _ => []).Any(d => d.Severity == Severity.Error)).Select(m => m.Name),
                    rendering.Failed.Keys.Order(StringComparer.Ordinal));
            },
            iter: 40);
    }

    private static readonly Comparer<DocumentPlace> PlaceOrder = Comparer<DocumentPlace>.Create((a, b) => string.CompareOrdinal($"{a.Kind}/{a.Name}", $"{b.Kind}/{b.Name}"));

    private static Snapshot Compile(params string[] documents)
    {
        var compiled = DocumentSet.Compile([.. ShippedFiles.Profiles, .. documents.Select((text, i) => new SourceText($"test{i}.yaml", text))]);
        Assert.True(compiled.Value is not null, string.Join('\n', compiled.Diagnostics));
        return compiled.Value;
    }

    private static string Machine(string name, string more = "", string profiles = "minimal") =>
        $"apiVersion: netdeploy/v1\nkind: Machine\nname: {name}\ndistro: debian-12\nprofiles: [{profiles}]\n{more}\n";

    private static string Profile(string name, string more) => $"apiVersion: netdeploy/v1\nkind: Profile\nname: {name}\n{more}\n";
}
