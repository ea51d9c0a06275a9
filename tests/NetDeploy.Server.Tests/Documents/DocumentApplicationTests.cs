using System.Collections.Immutable;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Documents;

/// <summary>From documents to machines, networks and reservations; the server may end at any moment.</summary>
public sealed class DocumentApplicationTests : DocumentWorld
{
    private const string Third = "52:54:00:00:00:03";

    private Machine Blade => Service.Machines.ByName("blade1")!;

    [Fact]
    public async Task Changed_hardware_of_an_apply_that_was_killed_is_taken_over_at_the_next_start()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Blade());
        Store.Fate = () => throw new StoreException("killed", "start again");
        await Assert.ThrowsAsync<StoreException>(() => ApplyAsync(TestDocuments.Blade(mac: Second)));
        Assert.Equal(TestDocuments.Mac, Mac());
        Store.Fate = () => CommitFate.Commits;
        await RestartAsync();
        Assert.Equal(Second, Mac());
    }

    [Fact]
    public async Task Replaced_hardware_stays_until_the_document_names_other()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Blade());
        await ReplaceAsync(Second);
        await RestartAsync();
        await ApplyAsync(TestDocuments.Blade() with { Content = TestDocuments.Blade().Content + "\n# touched\n" });
        Assert.Equal(Second, Mac());
        await ApplyAsync(TestDocuments.Blade(mac: Third));
        Assert.Equal(Third, Mac());
        await RestartAsync();
        Assert.Equal(Third, Mac());
    }

    [Fact]
    public async Task Hardware_that_was_refused_is_taken_over_once_nobody_else_has_it_but_a_newer_replace_stands()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Blade(), TestDocuments.Blade("blade2", Second));
        await ReplaceAsync(Third, "blade2");
        // Of the texts nobody has the third any more, of the machines blade2.
        Assert.Contains("belongs to blade2", Assert.Single((await ApplyAsync(TestDocuments.Blade(mac: Third), TestDocuments.Network)).Diagnostics).Message, StringComparison.Ordinal);
        Assert.Equal(TestDocuments.Mac, Mac());
        await ReplaceAsync("52:54:00:00:00:04", "blade2");
        await ApplyAsync(TestDocuments.Blade(mac: Third));
        Assert.Equal(Third, Mac());

        await ReplaceAsync(Second, "blade2");
        Assert.Single((await ApplyAsync(TestDocuments.Blade(mac: Second), TestDocuments.Network)).Diagnostics);
        await ReplaceAsync("52:54:00:00:00:05");
        await ReplaceAsync("52:54:00:00:00:04", "blade2");
        await RestartAsync();
        Assert.Equal("52:54:00:00:00:05", Mac());
    }

    [Fact]
    public async Task A_record_older_than_the_note_of_its_hardware_keeps_what_it_has()
    {
        await Store.CommitAsync(new StoreChange { Machines = [new Machine { Id = "old", Name = "blade1", Binding = new Binding { Macs = [MacAddress.Parse(Second)] } }] });
        TestDocuments.Open(Folder["documents"]).Apply(TestDocuments.Blade());
        await StartAsync();
        Assert.Equal(Second, Mac());
        await ApplyAsync(TestDocuments.Blade(mac: Third));
        Assert.Equal(Third, Mac());
    }

    [Fact]
    public async Task The_static_addresses_of_declared_systems_are_nobodys_to_lease()
    {
        await StartAsync();
        await ApplyAsync(
            new SourceText("lab.yaml", Network("10.77.0.100", "10.77.0.102")),
            TestDocuments.Blade() with { Content = TestDocuments.Blade().Content + "\n  nics:\n    - mac: boot\n      addresses: [10.77.0.101/24]\n" });
        var subnet = Assert.Single(Application.Networks.Addressing.Subnets);
        Assert.True(subnet.IsWithheld(Ipv4Address.Parse("10.77.0.101")));
        Assert.False(subnet.IsWithheld(Ipv4Address.Parse("10.77.0.100")));
    }

    [Fact]
    public async Task What_addressing_refuses_is_told_at_the_document()
    {
        await StartAsync();
        var network = await ApplyAsync(new SourceText("site/lab.yaml", "# the lab\n" + Network("10.0.0.1", "10.64.0.0", "10.0.0.0/8")));
        Assert.False(network.Accepted);
        var wrong = Assert.Single(network.Diagnostics);
        Assert.Contains("has more than", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(("site/lab.yaml", 2), (wrong.File, wrong.Line));

        await ApplyAsync(new SourceText("lab.yaml", Network("10.77.0.100", "10.77.0.102")));
        await ApplyAsync(TestDocuments.Blade() with { Content = WithAddress(TestDocuments.Blade(), "10.77.0.7") });
        await ReplaceAsync(Second);
        // The loader sees two MACs, the server that both are one machine's hardware now.
        var other = await ApplyAsync(TestDocuments.Blade("blade2", Second) with { Content = WithAddress(TestDocuments.Blade("blade2", Second), "10.77.0.8") });
        Assert.False(other.Accepted);
        wrong = Assert.Single(other.Diagnostics);
        Assert.Equal("blade2.yaml:1", $"{wrong.File}:{wrong.Line}");
    }

    [Fact]
    public async Task What_a_deployment_will_lack_is_warned_of_until_it_is_there()
    {
        await StartAsync();
        var blade = TestDocuments.Blade() with { Content = TestDocuments.Blade().Content.Replace("root-hash", "ops", StringComparison.Ordinal) };
        var outcome = await ApplyAsync(blade);
        Assert.True(outcome.Accepted);
        var network = Assert.Single(outcome.Diagnostics);
        Assert.Equal(Severity.Warning, network.Severity);
        Assert.Contains("no Network document", network.Message, StringComparison.Ordinal);
        var secret = Assert.Single(await FindingsAsync()).Diagnostic;
        Assert.Equal(Severity.Warning, secret.Severity);
        Assert.Equal(("blade1.yaml", 10, "there is no secret 'ops'."), (secret.File, secret.Line, secret.Message));
        Assert.EndsWith("netdeploy secret set ops", secret.Remedy, StringComparison.Ordinal);

        Assert.Single((await ApplyAsync(blade)).Diagnostics);
        Assert.Single(await FindingsAsync());
        Secrets.Set("ops", "$6$saltsalt$hashhashhashhash");
        Application.RenderAgain();
        Assert.Empty(await FindingsAsync());
        Assert.Empty((await ApplyAsync(blade, TestDocuments.Network)).Diagnostics);
    }

    [Fact]
    public async Task A_machine_that_is_being_deployed_is_pruned_by_nobody()
    {
        await StartAsync();
        await ApplyAsync(TestDocuments.Blade(), TestDocuments.Blade("blade2", Second));
        Assert.True((await Service.GrantAsync(new GrantRequest("blade1", "recipe", "inputs", "key", "sha", "test"))).Ok);
        var refused = await PruneAsync(TestDocuments.Blade("blade2", Second));
        Assert.False(refused.Accepted);
        var wrong = Assert.Single(refused.Diagnostics, d => d.Severity == Severity.Error);
        Assert.Equal(("blade1.yaml", 1, ""), (wrong.File, wrong.Line, wrong.Path));
        Assert.StartsWith("blade1 has a deployment that is granted", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("netdeploy cancel blade1", wrong.Remedy, StringComparison.Ordinal);
        Assert.Equal(1, Documents.Current.Revision);
        Assert.NotNull(Blade);

        Assert.True((await Service.CancelAsync("blade1", "test")).Ok);
        Assert.True((await PruneAsync(TestDocuments.Blade("blade2", Second))).Accepted);
        Assert.Null(Service.Machines.ByName("blade1"));
    }

    private static string Network(string first, string last, string subnet = "10.77.0.0/24") => $$"""
        apiVersion: netdeploy/v1
        kind: Network
        name: lab
        subnet: {{subnet}}
        pools:
          - {first: {{first}}, last: {{last}}}
        """;

    private static string WithAddress(SourceText machine, string address) =>
        machine.Content.Replace("type: metal", $"type: metal\naddress: {address}", StringComparison.Ordinal);

    private string Mac() => Assert.Single(Blade.Binding.Macs).ToString();

    private async Task<ImmutableArray<Finding>> FindingsAsync() => (await RenderedAsync()).Result!.Findings;

    private Task<ApplyOutcome> PruneAsync(params ImmutableArray<SourceText> texts) => Application.ApplyAsync(texts, null, prune: true, checkOnly: false, CancellationToken.None);

    /// <summary>As the verb does it.</summary>
    private async Task ReplaceAsync(string mac, string name = "blade1") =>
        Assert.True((await Service.ReplaceAsync(name, new Binding { Macs = [MacAddress.Parse(mac)] }, Application.DocumentedHardware(name))).Ok);
}
