using System.Net;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Tests.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Enrolment;

public sealed class EnrolmentRulesTests
{
    private const string Relays = """
        apiVersion: netdeploy/v1
        kind: Network
        name: lab
        subnet: 10.77.0.0/24
        relays: [10.77.0.2, 10.77.0.3]
        """;

    /// <summary>A machine that asked DHCP through a trusted relay, from port Gi1/7, and told what it is.</summary>
    private static readonly Newcomer Known = new(MacAddress.Parse("52:54:00:aa:00:01"))
    {
        Network = "lab",
        AskedDhcp = true,
        Relay = IPAddress.Parse("10.77.0.2"),
        CircuitId = "4769312f37",
        RemoteId = "0001ff",
        Architectures = [7],
        Smbios = Smbios.Of("Dell Inc.", "PowerEdge R640", "ABC1234"),
    };

    [Theory]
    [InlineData("macPrefixes: ['52:54:00']", RuleOutcome.Fits)]
    [InlineData("macPrefixes: ['00:16:3e', '52-54-00-AA']", RuleOutcome.Fits)]
    [InlineData("macPrefixes: ['52:54:01']", RuleOutcome.Differs)]
    [InlineData("relay: 10.77.0.2", RuleOutcome.Fits)]
    [InlineData("relay: 10.77.0.3", RuleOutcome.Differs)]
    [InlineData("circuitId: 'Gi1/*'", RuleOutcome.Fits)]
    [InlineData("circuitId: '4769312f3?'", RuleOutcome.Fits)]
    [InlineData("circuitId: 'Gi2/*'", RuleOutcome.Differs)]
    [InlineData("remoteId: '0001*'", RuleOutcome.Fits)]
    [InlineData("remoteId: '0002*'", RuleOutcome.Differs)]
    [InlineData("architecture: amd64", RuleOutcome.Fits)]
    [InlineData("architecture: arm64", RuleOutcome.Differs)]
    [InlineData("firmware: uefi", RuleOutcome.Fits)]
    [InlineData("firmware: bios", RuleOutcome.Differs)]
    [InlineData("vendor: 'dell*'", RuleOutcome.Fits)]
    [InlineData("product: '*R640'", RuleOutcome.Fits)]
    [InlineData("product: 'R640'", RuleOutcome.Differs)]
    [InlineData("serial: 'ABC????'", RuleOutcome.Fits)]
    [InlineData("serial: 'ABC???'", RuleOutcome.Differs)]
    [InlineData("macPrefixes: ['52:54:00'], firmware: bios", RuleOutcome.Differs)]
    public void A_rule_takes_a_machine_that_is_all_it_asks_for(string match, RuleOutcome outcome) =>
        Assert.Equal(outcome, Assert.Single(Judge(Rule("r1", match), Known).Verdicts).Outcome);

    [Theory]
    [InlineData("vendor: 'Dell*'", "told yet")]
    [InlineData("macPrefixes: ['52:54:00'], serial: '*'", "told yet")]
    public void What_is_not_known_yet_leaves_a_rule_undecided_and_the_later_ones_untried(string match, string why)
    {
        var judged = Judge(Rule("first", match) + Rule("second", "macPrefixes: ['52:54:00']"), Known with { Smbios = null });
        Assert.True(judged.IsUndecided);
        Assert.Null(judged.Rule);
        Assert.Contains(why, Assert.Single(judged.Verdicts).Reason, StringComparison.Ordinal);

        // What differs already needs not be told.
        Assert.Equal(RuleOutcome.Differs, Judge(Rule("r", "macPrefixes: ['00'], serial: '*'"), Known with { Smbios = null }).Verdicts[0].Outcome);
    }

    [Fact]
    public void A_server_that_did_not_hear_it_ask_DHCP_decides_nothing_by_what_DHCP_says()
    {
        var unheard = new Newcomer(Known.Mac) { Network = "lab", Smbios = Known.Smbios };
        Assert.True(Judge(Rule("r", "firmware: uefi"), unheard).IsUndecided);
        Assert.True(Judge(Rule("r", "circuitId: '*'"), unheard).IsUndecided);
        Assert.NotNull(Judge(Rule("r", "vendor: '*'"), unheard).Rule);
    }

    [Fact]
    public void Option_82_counts_from_a_relay_of_the_network_alone() =>
        Assert.Equal("no trusted relay told its circuit id", Judge(Rule("r", "circuitId: '*'"), Known with { Relay = null, CircuitId = null }).Verdicts[0].Reason);

    [Fact]
    public void The_first_rule_that_fits_decides_by_document_name_then_by_order()
    {
        var documents = ShippedFiles.Load(
            ShippedFiles.Site, Relays,
            Document("b", Rule("late", "macPrefixes: ['52:54:00']")),
            Document("a", Rule("other", "macPrefixes: ['00:16:3e']") + Rule("taker", "firmware: uefi") + Rule("never", "vendor: '*'")));

        var judged = EnrolmentRules.Judge(documents, Known, _ => 0);

        Assert.Equal("a/taker", judged.Rule!.Id);
        Assert.Equal(["a/other", "a/taker"], judged.Verdicts.Select(v => v.Rule));
        Assert.Null(EnrolmentRules.Judge(documents, Known with { Network = "elsewhere" }, _ => 0).Rule);
    }

    [Fact]
    public void A_full_rule_lets_nobody_through_to_the_next_one()
    {
        var documents = ShippedFiles.Load(ShippedFiles.Site, Relays, Document("a", Rule("full", "firmware: uefi", "limit: 2") + Rule("next", "vendor: '*'")));
        Assert.Equal("a/full", EnrolmentRules.Judge(documents, Known, _ => 1).Rule!.Id);
        var judged = EnrolmentRules.Judge(documents, Known, id => id == "a/full" ? 2 : 0);
        Assert.Null(judged.Rule);
        Assert.Equal("rule a/full: it has enrolled 2 machines, its limit", judged.Why);
    }

    [Fact]
    public void A_system_for_another_processor_is_given_to_nobody() =>
        Assert.Contains("debian-12 is for amd64", Judge(Rule("r", "macPrefixes: ['52']"), Known with { Architectures = [11] }).Why, StringComparison.Ordinal);

    [Theory]
    [InlineData("distro: debian-99", "distro", "there is no distro 'debian-99'")]
    [InlineData("profiles: [minimul]", "profiles", "there is no profile 'minimul'")]
    [InlineData("addresses: {first: 10.77.0.9, last: 10.77.1.9}", "addresses", "no range of host addresses")]
    [InlineData("addresses: {first: 10.77.0.9, last: 10.77.0.8}", "addresses", "no range of host addresses")]
    public void A_rule_that_makes_nothing_enrols_nobody_and_refuses_nothing_else(string key, string path, string why)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, Relays, ShippedFiles.Machine(), Document("a", Rule("bad", "firmware: uefi", key)));

        var warning = Assert.Single(result.Diagnostics);
        Assert.Equal((Severity.Warning, "test3.yaml", $"rules[bad].{path}"), (warning.Severity, warning.File, warning.Path));
        Assert.Contains(why, warning.Message, StringComparison.Ordinal);
        Assert.True(warning.Line > 4);
        Assert.Contains("blade1", result.Value!.Recipes.Keys);
        var judged = EnrolmentRules.Judge(result.Value!, Known, _ => 0);
        Assert.Null(judged.Rule);
        Assert.Contains(why, judged.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_that_does_not_render_makes_its_rule_enrol_nobody()
    {
        const string Broken = "apiVersion: netdeploy/v1\nkind: Profile\nname: broken\nsystem:\n  repositories: [{name: ours, mirror: nowhere, suite: s, components: [main]}]\n";
        var result = ShippedFiles.Parse(ShippedFiles.Site, Relays, Broken, Document("a", Rule("bad", "firmware: uefi", "profiles: [broken]")));

        Assert.NotNull(result.Value);
        Assert.Contains(result.Diagnostics, d => d is { File: "test3.yaml", Path: "rules[bad].profiles", Severity: Severity.Warning }
            && d.Message.Contains("there is no mirror 'nowhere'", StringComparison.Ordinal));
        Assert.Contains("does not render", EnrolmentRules.Judge(result.Value, Known, _ => 0).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("match: {relay: 10.77.0.9}", "match.relay")]
    public void A_relay_that_the_network_does_not_name_is_told(string key, string path) =>
        Assert.Equal($"rules[r].{path}", Assert.Single(ShippedFiles.Parse(ShippedFiles.Site, Relays, Document("a", Rule("r", null, key))).Diagnostics).Path);

    [Theory]
    [InlineData("    grant: true\n", "match: {firmware: uefi}", "rules[r].limit")]
    [InlineData("    grant: true\n    limit: 3\n", "match: {}", "rules[r].match")]
    [InlineData("    limit: 0\n", "match: {firmware: uefi}", "rules[r].limit")]
    [InlineData("    limit: 3\n", "match: {macPrefixes: ['5g']}", "rules[r].match.macPrefixes[0]")]
    [InlineData("    limit: 3\n", "match: {circuitID: x}", "rules[r].match.circuitID")]
    public void A_rule_that_could_install_without_end_is_an_error(string more, string match, string path)
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, Relays, Document("a", $"  - name: r\n    {match}\n    distro: debian-12\n    namePattern: b-{{n}}\n{more}"));
        Assert.Contains(path, result.Diagnostics.Where(d => d.Severity == Severity.Error).Select(d => d.Path));
    }

    [Fact]
    public void Two_documents_do_not_both_say_what_happens_to_unknown_machines()
    {
        var result = ShippedFiles.Parse(ShippedFiles.Site, Relays, Document("a", "", "unknown: hold"), Document("b", "", "unknown: ignore"));
        Assert.Equal("unknown", Assert.Single(result.Diagnostics).Path);
        Assert.Equal(UnknownMachines.Hold, EnrolmentRules.Judge(ShippedFiles.Load(ShippedFiles.Site, Relays, Document("a", "", "unknown: hold")), Known, _ => 0).Policy);
    }

    private static EnrolmentJudgement Judge(string rules, Newcomer machine) =>
        EnrolmentRules.Judge(ShippedFiles.Load(ShippedFiles.Site, Relays, Document("a", rules)), machine, _ => 0);

    private static string Document(string name, string rules, string more = "") =>
        $"apiVersion: netdeploy/v1\nkind: Enrolment\nname: {name}\nnetwork: lab\n{more}\n{(rules.Length > 0 ? "rules:\n" : "")}{rules}";

    private static string Rule(string name, string? match, string more = "") =>
        $"  - name: {name}\n{(match is null ? "" : $"    match: {{{match}}}\n")}{(more.Contains("distro", StringComparison.Ordinal) ? "" : "    distro: debian-12\n")}    namePattern: blade-{{n}}\n{(more.Length > 0 ? $"    {more}\n" : "")}";
}
