using NetDeploy.Client;
using NetDeploy.Core.Enrolment;
using NetDeploy.Protocols;
using NetDeploy.Server.Tests.Documents;

namespace NetDeploy.Server.Tests.Management;

/// <summary>adopt, export, forget and show over the real socket.</summary>
public sealed class NewcomerRoutesTests
{
    private const string Mac = "52:54:00:00:00:77";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_newcomer_is_shown_adopted_exported_and_forgotten()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        await ApplyAsync(client, new("network.yaml", TestDocuments.Network.Content), new("enrolment.yaml", """
            apiVersion: netdeploy/v1
            kind: Enrolment
            name: lab
            network: lab
            unknown: hold
            rules:
              - {name: other, match: {macPrefixes: ['00:16:3e']}, distro: debian-12, namePattern: 'x-{n}'}
            """));
        Meet(host);

        var listed = Assert.Single((await client.MachinesAsync(Cancelled)).Unknown);
        Assert.Equal((Mac, "seen", "Dell", "SN7"), (listed.Mac, listed.State, listed.Vendor, listed.Serial));
        var shown = (await client.UnknownAsync(Mac, Cancelled)).Why!;
        Assert.Equal("unknown machines of network lab: held in the deploy environment", shown.Policy);
        Assert.Equal(("lab/other", "differs"), (Assert.Single(shown.Rules).Rule, shown.Rules[0].Verdict));
        Assert.StartsWith($"netdeploy adopt {Mac}", shown.Next, StringComparison.Ordinal);

        var adopted = await client.AdoptAsync(Mac, new AdoptRequest("web1", ["minimal"], "debian-12", "10.77.0.21"), Cancelled);
        Assert.Equal(("web1", null), (adopted.Name, adopted.Order));
        Assert.Empty((await client.MachinesAsync(Cancelled)).Unknown);
        var machine = await client.MachineAsync(Mac, Cancelled);
        Assert.Equal(("web1", "operator", "10.77.0.21"), (machine.Name, machine.EnrolledBy, machine.Address));
        Assert.Equal("matched by mac, known as claimed", machine.Why!.Identity);
        Assert.Equal("netdeploy deploy web1", machine.Why.Next);

        var exported = await client.DocumentsAsync(Cancelled);
        Assert.Equal(["enrolled/web1.yaml", "enrolment.yaml", "network.yaml"], exported.Documents.Select(d => d.Path));
        var again = await client.ApplyAsync(new ApplyRequest(exported.Documents, exported.Revision, Prune: true), Cancelled);
        Assert.True(again.Applied);
        Assert.Equal(exported.Revision, again.Revision);

        await client.ForgetAsync("web1", Cancelled);
        Assert.Empty((await client.MachinesAsync(Cancelled)).Machines);
        Assert.DoesNotContain((await client.DocumentsAsync(Cancelled)).Documents, d => d.Path.StartsWith("enrolled/", StringComparison.Ordinal));
        Assert.Equal(404, (await Assert.ThrowsAsync<NetDeployApiException>(() => client.ForgetAsync("web1", Cancelled))).Status);
        Assert.Single((await client.MachinesAsync(Cancelled)).Unknown);

        // An exported set brings it back where there is none.
        await ApplyAsync(client, [.. exported.Documents]);
        Assert.Equal("web1", Assert.Single((await client.MachinesAsync(Cancelled)).Machines).Name);
    }

    [Fact]
    public async Task A_machine_with_an_open_deployment_or_a_document_of_its_own_is_not_forgotten()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        await ApplyAsync(client, new("network.yaml", TestDocuments.Network.Content), new("blade1.yaml", TestDocuments.Blade().Content));
        Meet(host);
        var adopted = await client.AdoptAsync(Mac, new AdoptRequest("web1", Deploy: true), Cancelled);
        Assert.Equal("preparing", adopted.Order!.State);
        Assert.Equal("debian-12", (await client.MachineAsync("web1", Cancelled)).Distro);

        var open = await Assert.ThrowsAsync<NetDeployApiException>(() => client.ForgetAsync(Mac, Cancelled));
        Assert.Contains("preparing", open.Message, StringComparison.Ordinal);
        Assert.Contains("Cancel", open.Remedy, StringComparison.Ordinal);
        Assert.Contains((await client.DocumentsAsync(Cancelled)).Documents, d => d.Path == "enrolled/web1.yaml");
        await client.CancelAsync("web1", Cancelled);
        await client.ForgetAsync(Mac, Cancelled);

        var described = await Assert.ThrowsAsync<NetDeployApiException>(() => client.ForgetAsync("blade1", Cancelled));
        Assert.Contains("blade1.yaml", described.Message, StringComparison.Ordinal);
        Assert.Contains("--prune", described.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prune_leaves_enrolled_machines_and_a_document_of_the_same_machine_takes_the_servers_place()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        DocumentText network = new("network.yaml", TestDocuments.Network.Content);
        await ApplyAsync(client, network);
        Meet(host);
        await client.AdoptAsync(Mac, new AdoptRequest("web1", null, "debian-12"), Cancelled);

        Assert.True((await client.ApplyAsync(new ApplyRequest([network], Prune: true), Cancelled)).Applied);
        Assert.Equal("web1", Assert.Single((await client.MachinesAsync(Cancelled)).Machines).Name);

        var own = new DocumentText("rack/web1.yaml", TestDocuments.Blade("web1", Mac).Content);
        Assert.True((await client.ApplyAsync(new ApplyRequest([network, own], Prune: true), Cancelled)).Applied);
        Assert.Equal(["network.yaml", "rack/web1.yaml"], (await client.DocumentsAsync(Cancelled)).Documents.Select(d => d.Path));
        Assert.Null((await client.MachineAsync("web1", Cancelled)).EnrolledBy);
    }

    [Theory]
    [InlineData("52:54:00:00:00:78", "web1", "debian-12", null, "was seen asking")]
    [InlineData(Mac, "Web 1", "debian-12", null, "is no host name")]
    [InlineData(Mac, "../../web1", "debian-12", null, "is no host name")]
    [InlineData(Mac, "web1", "debian-99", null, "there is no distro 'debian-99'")]
    [InlineData(Mac, "web1", null, null, "distribution is not named")]
    [InlineData(Mac, "web1", "debian-12", "10.78.0.1", "host address of no network")]
    [InlineData(Mac, "web1", "debian-12", "ten", "is no IPv4 address")]
    public async Task What_cannot_be_adopted_is_refused_with_its_remedy_and_leaves_nothing(string mac, string name, string? distro, string? address, string why)
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        await ApplyAsync(client, new DocumentText("network.yaml", TestDocuments.Network.Content));
        Meet(host);

        var refused = await Assert.ThrowsAsync<NetDeployApiException>(() => client.AdoptAsync(mac, new AdoptRequest(name, [], distro, address), Cancelled));

        Assert.Contains(why, refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.NotEmpty(refused.Remedy!);
        Assert.Empty((await client.MachinesAsync(Cancelled)).Machines);
        Assert.Single((await client.DocumentsAsync(Cancelled)).Documents);
    }

    [Theory]
    [InlineData("525400", 400, "'525400' is no MAC address.")]
    [InlineData(TestDocuments.Mac, 409, "MAC 52:54:00:00:00:01 belongs to blade1.")]
    public async Task A_MAC_that_is_none_or_a_machines_is_said_to_be_that(string mac, int status, string why)
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        await ApplyAsync(client, new("network.yaml", TestDocuments.Network.Content), new("blade1.yaml", TestDocuments.Blade().Content));
        foreach (var ask in (Func<Task>[])[() => client.AdoptAsync(mac, new AdoptRequest("web1"), Cancelled), () => client.UnknownAsync(mac, Cancelled)])
        {
            var refused = await Assert.ThrowsAsync<NetDeployApiException>(ask);
            Assert.Equal((status, why), (refused.Status, refused.Message));
            Assert.NotEmpty(refused.Remedy!);
        }
    }

    private static void Meet(ManagementHost host) => host.Seen.Know(
        MacAddress.Parse(Mac), known => known with { Network = "lab", AskedDhcp = true, Architectures = [7], Smbios = Smbios.Of("Dell", "R640", "SN7") });

    private static async Task ApplyAsync(NetDeployClient client, params DocumentText[] documents)
    {
        var applied = await client.ApplyAsync(new ApplyRequest(documents), Cancelled);
        Assert.True(applied.Applied, string.Join('\n', applied.Diagnostics));
    }
}
