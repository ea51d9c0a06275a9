using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using NetDeploy.Client;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Dhcp;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Management;

public class ManagementListenerTests
{
    [Theory]
    [InlineData("POST", "/api/v1/apply", "null")]
    [InlineData("POST", "/api/v1/apply", "{}")]
    [InlineData("POST", "/api/v1/apply", "not json")]
    [InlineData("POST", "/api/v1/apply", """{"documents":null}""")]
    [InlineData("POST", "/api/v1/apply", """{"documents":[null]}""")]
    [InlineData("POST", "/api/v1/apply", """{"documents":[{"path":null,"content":"x"}]}""")]
    [InlineData("POST", "/api/v1/apply", """{"documents":[{"path":"a.yaml"}]}""")]
    [InlineData("PUT", "/api/v1/secrets/a", """{"value":null}""")]
    [InlineData("PUT", "/api/v1/secrets/a", null)]
    [InlineData("GET", "/api/v1/machines/blade1/timeline?after=x", null)]
    public async Task A_request_that_is_not_of_the_contract_is_answered_with_what_is_wrong(string method, string path, string? json)
    {
        await using var host = await ManagementHost.StartAsync();
        var (status, body) = await host.SendAsync(new HttpMethod(method), path, json);
        Assert.InRange((int)status, 400, 415);
        var problem = JsonSerializer.Deserialize(body, NetDeployJson.Default.ProblemView)!;
        Assert.False(string.IsNullOrEmpty(problem.Title));
        Assert.False(string.IsNullOrEmpty(problem.Detail));
    }

    /// <summary>The spool is the build user's to write, and what is wrong with it is no fault of this program.</summary>
    [Theory]
    [InlineData("ready")]
    [InlineData("failed")]
    public async Task A_damaged_file_of_the_image_spool_is_named(string folder)
    {
        await using var host = await ManagementHost.StartAsync();
        var path = Path.Combine(host.Folder, "images", folder, "k.json");
        await File.WriteAllTextAsync(path, """{"key":"k"}""");
        var (status, body) = await host.SendAsync(HttpMethod.Get, "/api/v1/images");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        var problem = JsonSerializer.Deserialize(body, NetDeployJson.Default.ProblemView)!;
        Assert.Contains(path, problem.Title, StringComparison.Ordinal);
        Assert.Contains("Delete it", problem.Title, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_gives_the_warnings_of_the_start_and_the_other_DHCP_servers()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        var status = await client.StatusAsync();
        Assert.Equal(["a warning of the start"], status.Warnings);
        Assert.Equal(("eth1", "10.77.0.2", true), status.OtherServers is [var other] ? (other.Interface, other.Address, other.Answered) : default);
    }

    [Fact]
    public async Task Documents_with_two_files_of_one_name_are_refused_as_any_mistake_is()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        var blade = new DocumentText("blade1.yaml", TestDocuments.Blade().Content);
        var twice = await client.ApplyAsync(new ApplyRequest([blade, blade]));
        Assert.False(twice.Applied);
        Assert.Contains("twice", Assert.Single(twice.Diagnostics).Message, StringComparison.Ordinal);
        Assert.True((await client.ApplyAsync(new ApplyRequest([blade]))).Applied);
    }

    [Fact]
    public async Task A_store_that_stopped_is_told_with_the_remedy()
    {
        var store = new ForwardingStore(new InMemoryRecordStore());
        await using var host = await ManagementHost.StartAsync(store);
        using var client = host.Client();
        Assert.True((await client.ApplyAsync(new ApplyRequest(
            [new DocumentText("blade1.yaml", TestDocuments.Blade().Content), new DocumentText("network.yaml", TestDocuments.Network.Content)]))).Applied);
        store.Fate = () => throw new StoreException("the disk is full.", "make room.");
        var refused = await Assert.ThrowsAsync<NetDeployApiException>(() => client.DeployAsync("blade1", new DeployRequest()));
        Assert.Equal(503, refused.Status);
        Assert.Equal("the disk is full.", refused.Message);
        Assert.Equal("make room.", refused.Remedy);
    }

    /// <summary>The words of a refusal and its remedy come apart to programs, whatever the texts in them say.</summary>
    [Theory]
    [InlineData("POST", "/api/v1/machines/blade1/cancel", null, "blade1 has no deployment.", "netdeploy deploy blade1")]
    [InlineData("POST", "/api/v1/machines/blade1/release", null, "blade1 is not in quarantine.", "netdeploy show blade1")]
    [InlineData("POST", "/api/v1/machines/blade2/deploy", "{}", "blade2 is protected.", "Set protected: false")]
    [InlineData("POST", "/api/v1/machines/blade2/replace", """{"macs":["52:54:00:00:00:07"]}""", "blade2 is protected.", "Set protected: false")]
    [InlineData("POST", "/api/v1/machines/blade1/replace", """{"macs":["52:54:00:00:00:02"]}""", "MAC 52:54:00:00:00:02 belongs to blade2.", "Give blade2 its own hardware first")]
    [InlineData("POST", "/api/v1/machines/blade1/replace", """{"macs":[]}""", "New hardware needs at least one MAC or a slot.", "--mac")]
    [InlineData("POST", "/api/v1/machines/quarantined/deploy", "{}", "quarantined is in quarantine: step: no disk. Remedy: none.", "netdeploy release quarantined")]
    public async Task A_refusal_has_its_reason_as_title_and_its_remedy_as_detail(string method, string path, string? json, string title, string remedy)
    {
        var store = new InMemoryRecordStore();
        await store.CommitAsync(new StoreChange
        {
            Machines =
            [
                new Machine
                {
                    Id = "q",
                    Name = "quarantined",
                    Binding = new Binding { Macs = [MacAddress.Parse("52:54:00:00:00:03", CultureInfo.InvariantCulture)] },
                    Quarantine = new Quarantine(DateTimeOffset.UnixEpoch, "d", "step: no disk. Remedy: none"),
                },
            ],
        });
        await using var host = await ManagementHost.StartAsync(store);
        using var client = host.Client();
        var blade2 = TestDocuments.Blade("blade2", "52:54:00:00:00:02").Content + "\nprotected: true\n";
        var applied = await client.ApplyAsync(new ApplyRequest(
        [
            new DocumentText("blade1.yaml", TestDocuments.Blade().Content),
            new DocumentText("blade2.yaml", blade2),
            new DocumentText("quarantined.yaml", TestDocuments.Blade("quarantined", "52:54:00:00:00:03").Content),
            new DocumentText("network.yaml", TestDocuments.Network.Content),
        ]));
        Assert.True(applied.Applied);
        var (status, body) = await host.SendAsync(new HttpMethod(method), path, json);
        Assert.Equal(HttpStatusCode.Conflict, status);
        var problem = JsonSerializer.Deserialize(body, NetDeployJson.Default.ProblemView)!;
        Assert.Equal(title, problem.Title);
        Assert.Contains(remedy, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replace_whose_deploy_would_be_refused_moves_nothing()
    {
        var store = new InMemoryRecordStore();
        var old = MacAddress.Parse(TestDocuments.Mac);
        await store.CommitAsync(new StoreChange
        {
            Machines = [new Machine { Id = "q", Name = "blade1", Binding = new Binding { Macs = [old] }, Quarantine = new Quarantine(DateTimeOffset.UnixEpoch, "d", "no disk") }],
        });
        await using var host = await ManagementHost.StartAsync(store);
        using var client = host.Client();
        var request = new ReplaceRequest(["52:54:00:00:00:07"], null, null, Deploy: true);
        var undocumented = await Assert.ThrowsAsync<NetDeployApiException>(() => client.ReplaceAsync("blade1", request));
        Assert.Equal("blade1 is in quarantine: no disk.", undocumented.Message);
        Assert.True((await host.Service.ReleaseAsync("blade1")).Ok);
        undocumented = await Assert.ThrowsAsync<NetDeployApiException>(() => client.ReplaceAsync("blade1", request));
        Assert.Equal("No document describes the machine blade1.", undocumented.Message);
        Assert.Equal([old], host.Service.Machines.ByName("blade1")!.Binding.Macs);
    }

    [Fact]
    public async Task A_replace_whose_deploy_loses_a_race_says_that_the_hardware_moved()
    {
        var store = new ForwardingStore(new InMemoryRecordStore());
        await using var host = await ManagementHost.StartAsync(store);
        using var client = host.Client();
        Assert.True((await client.ApplyAsync(new ApplyRequest(
            [new DocumentText("blade1.yaml", TestDocuments.Blade().Content), new DocumentText("network.yaml", TestDocuments.Network.Content)]))).Applied);
        var commits = 0;
        store.Fate = () =>
        {
            if (++commits != 2)
            {
                return CommitFate.Commits;
            }

            // Between the move and the grant, somebody else's grant.
            Assert.True(host.Service.GrantAsync(new GrantRequest("blade1", "recipe", null, "key", "sha", "test")).GetAwaiter().GetResult().Ok);
            return CommitFate.LosesRace;
        };
        var refused = await Assert.ThrowsAsync<NetDeployApiException>(() => client.ReplaceAsync("blade1", new ReplaceRequest(["52:54:00:00:00:07"], null, null, Deploy: true)));
        Assert.Equal("blade1 moved to the new hardware, but is not deployed: blade1 has a deployment that is granted.", refused.Message);
        Assert.Contains("Then: netdeploy deploy blade1", refused.Remedy, StringComparison.Ordinal);
        Assert.Equal("52:54:00:00:00:07", Assert.Single(host.Service.Machines.ByName("blade1")!.Binding.Macs).ToString());
    }

    [Fact]
    public async Task An_installed_machine_is_deployed_or_replaced_only_with_its_name_and_the_refusal_names_it()
    {
        var store = new InMemoryRecordStore();
        await store.CommitAsync(new StoreChange
        {
            Machines = [new Machine { Id = "i", Name = "blade1", Binding = new Binding { Macs = [MacAddress.Parse(TestDocuments.Mac)] }, InstalledDeploymentId = "d" }],
        });
        await using var host = await ManagementHost.StartAsync(store);
        using var client = host.Client();
        Assert.True((await client.ApplyAsync(new ApplyRequest(
            [new DocumentText("blade1.yaml", TestDocuments.Blade().Content), new DocumentText("network.yaml", TestDocuments.Network.Content)]))).Applied);
        string[] hardware = ["52:54:00:00:00:07"];
        foreach (var order in (Func<string?, Task<DeployResult>>[])[c => client.DeployAsync("blade1", new DeployRequest(Confirm: c)), c => client.ReplaceAsync("blade1", new ReplaceRequest(hardware, Confirm: c))])
        {
            foreach (var confirm in (string?[])[null, "blade2"])
            {
                var refused = await Assert.ThrowsAsync<NetDeployApiException>(() => order(confirm));
                Assert.Equal("blade1 holds an installed system.", refused.Message);
                Assert.Equal("blade1", refused.Confirm);
            }
        }

        Assert.Equal("preparing", (await client.ReplaceAsync("blade1", new ReplaceRequest(hardware, Confirm: "blade1"))).State);
        Assert.Contains(
            await client.TimelineAsync("blade1"), entry => entry.Text == "moved to other hardware: MAC 52:54:00:00:00:07");
    }

    [Fact]
    public async Task A_machine_whose_disk_a_later_deployment_claimed_is_deployed_without_its_name()
    {
        var store = new InMemoryRecordStore();
        await store.CommitAsync(new StoreChange
        {
            Machines = [new Machine { Id = "i", Name = "blade1", Binding = new Binding { Macs = [MacAddress.Parse(TestDocuments.Mac)] }, InstalledDeploymentId = "d", Overwritten = true }],
        });
        await using var host = await ManagementHost.StartAsync(store);
        using var client = host.Client();
        Assert.True((await client.ApplyAsync(new ApplyRequest(
            [new DocumentText("blade1.yaml", TestDocuments.Blade().Content), new DocumentText("network.yaml", TestDocuments.Network.Content)]))).Applied);
        Assert.Equal("preparing", (await client.DeployAsync("blade1", new DeployRequest())).State);
    }

    [Fact]
    public async Task Nobody_is_told_to_power_a_machine_on_before_its_image_is_there()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        Assert.True((await client.ApplyAsync(new ApplyRequest(
            [new DocumentText("blade1.yaml", TestDocuments.Blade().Content), new DocumentText("network.yaml", TestDocuments.Network.Content)]))).Applied);
        var ordered = await client.DeployAsync("blade1", new DeployRequest());
        Assert.Equal("preparing", ordered.State);
        Assert.Equal("Its image is being built: power blade1 on when its timeline says so.", ordered.Instruction);
    }

    [Fact]
    public async Task A_machine_without_a_lease_has_the_address_that_its_document_reserves()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        const string Network = """
            apiVersion: netdeploy/v1
            kind: Network
            name: lab
            subnet: 10.77.0.0/24
            pools:
              - {first: 10.77.0.100, last: 10.77.0.200}
            """;
        var blade = TestDocuments.Blade().Content + "\naddress: 10.77.0.42\n";
        Assert.True((await client.ApplyAsync(new ApplyRequest([new DocumentText("network.yaml", Network), new DocumentText("blade1.yaml", blade)]))).Applied);
        Assert.Equal("10.77.0.42", (await client.MachineAsync("blade1")).Address);
    }

    [Fact]
    public async Task What_comes_next_for_a_machine_that_cannot_be_granted_is_what_to_mend()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        var lacking = TestDocuments.Blade("blade2", "52:54:00:00:00:02").Content.Replace("root-hash", "none", StringComparison.Ordinal);
        var locked = TestDocuments.Blade("blade3", "52:54:00:00:00:03").Content + "\nprotected: true\n";
        DocumentText[] blades = [new("blade1.yaml", TestDocuments.Blade().Content), new("blade2.yaml", lacking), new("blade3.yaml", locked)];
        Assert.True((await client.ApplyAsync(new ApplyRequest(blades))).Applied);
        Assert.StartsWith("There is no Network document, so blade1", await NextAsync("blade1"), StringComparison.Ordinal);

        Assert.True((await client.ApplyAsync(new ApplyRequest([new DocumentText("network.yaml", TestDocuments.Network.Content)]))).Applied);
        Assert.Equal("netdeploy deploy blade1", await NextAsync("blade1"));
        Assert.Equal(
            "mend blade2.yaml:10: system.root.passwordHash: there is no secret 'none'. Store it: netdeploy passwd | netdeploy secret set none. Then: netdeploy deploy blade2",
            await NextAsync("blade2"));
        Assert.Equal("blade3 is protected. Set protected: false in its document and apply it. Then: netdeploy deploy blade3", await NextAsync("blade3"));

        async Task<string> NextAsync(string name) => (await client.MachineAsync(name)).Why!.Next;
    }

    [Fact]
    public async Task An_apply_counts_documents_and_not_files()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        var two = TestDocuments.Blade().Content + "\n---\n" + TestDocuments.Blade("blade2", "52:54:00:00:00:02").Content;
        var applied = await client.ApplyAsync(new ApplyRequest([new DocumentText("all.yaml", two)]));
        Assert.True(applied.Applied);
        Assert.Equal(2, applied.Documents);
        Assert.Equal([], applied.Removed);
        var one = new DocumentText("all.yaml", TestDocuments.Blade().Content);
        var pruned = await client.ApplyAsync(new ApplyRequest([one], Prune: true, CheckOnly: true));
        Assert.Equal([new RemovedDocument("Machine", "blade2", "all.yaml")], pruned.Removed);
    }

    [Fact]
    public async Task An_address_that_the_server_does_not_know_is_told_with_a_remedy()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        var unknown = await Assert.ThrowsAsync<NetDeployApiException>(() => client.TimelineAsync(""));
        Assert.Equal(404, unknown.Status);
        Assert.NotNull(unknown.Remedy);
    }

    [Fact]
    public async Task A_secret_goes_in_and_only_its_name_and_version_come_out()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        await client.SetSecretAsync("ops-hash", "a-value-that-nobody-reads");
        var (_, body) = await host.SendAsync(HttpMethod.Get, "/api/v1/secrets");
        Assert.Equal("""[{"name":"ops-hash","version":1},{"name":"root-hash","version":1}]""", body);
        foreach (var file in Directory.EnumerateFiles(host.Folder, "*", SearchOption.AllDirectories).Where(f => f != host.Socket && Path.GetExtension(f) != ".journal"))
        {
            Assert.DoesNotContain("nobody-reads", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Mirrors_are_told_with_what_they_did_and_one_can_be_emptied()
    {
        await using var host = await ManagementHost.StartAsync();
        using var client = host.Client();
        host.Mirror.Counters.Hit();
        var mirror = Assert.Single(await client.MirrorsAsync());
        Assert.Equal(("debian", "http://127.0.0.1:9/debian", 1L, 20L << 30), (mirror.Name, mirror.Upstream, mirror.Hits, mirror.MaxBytes));
        Assert.Equal(0, (await client.ClearMirrorAsync("debian")).Bytes);
        var unknown = await Assert.ThrowsAsync<NetDeployApiException>(() => client.ClearMirrorAsync("ubuntu"));
        Assert.Equal((404, "There is no mirror 'ubuntu'.", "There are debian."), (unknown.Status, unknown.Message, unknown.Remedy));
    }

    [Fact]
    public async Task It_listens_on_its_socket_alone_whatever_the_environment_says()
    {
        const string Elsewhere = "Kestrel__Endpoints__Elsewhere__Url";
        Environment.SetEnvironmentVariable(Elsewhere, "http://127.0.0.1:0");
        try
        {
            await using var host = await ManagementHost.StartAsync();
            var addresses = host.App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            Assert.Equal($"http://unix:{host.Socket}", Assert.Single(addresses));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Elsewhere, null);
        }
    }

    [Fact]
    public async Task Another_user_is_refused_even_where_the_modes_were_opened()
    {
        TestNetwork.SkipUnlessPossible("curl", "setpriv");
        await using var host = await ManagementHost.StartAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(host.Socket));
        const UnixFileMode Open = (UnixFileMode)0x1FF;
        File.SetUnixFileMode(host.Folder, Open);
        File.SetUnixFileMode(Path.GetDirectoryName(host.Socket)!, Open);
        File.SetUnixFileMode(host.Socket, Open);
        string[] ask = ["curl", "--silent", "--max-time", "20", "--unix-socket", host.Socket, "http://x/api/v1/status"];
        var root = await Task.Run(() => TestNetwork.Run(ask[0], ask[1..]));
        var nobody = await Task.Run(() => TestNetwork.Run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", .. ask]));
        Assert.Contains("\"revision\"", root.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, nobody.Code);
        Assert.Empty(nobody.Output);
    }
}
