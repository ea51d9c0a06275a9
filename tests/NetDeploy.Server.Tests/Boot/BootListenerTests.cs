using System.Net;
using System.Net.Sockets;
using System.Text;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Boot;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Tests.Boot;

/// <summary>The blade, and a hostile neighbour, at the HTTP listener that machines meet.</summary>
public class BootListenerTests
{
    [Fact]
    public async Task A_blade_goes_the_whole_way_and_its_secrets_reach_no_disk()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var token = (await host.BootAsync())!;
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "inventory", token, "uuid=x\ndisk=/dev/vda 1 2"));
        var (_, plan) = await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "plan", token);
        Assert.Contains(BootHost.RootHash, plan, StringComparison.Ordinal);
        var firstBoot = plan.Split('\n').Single(l => l.StartsWith("step_first_boot", StringComparison.Ordinal)).Split('\'')[3];
        Assert.Equal((HttpStatusCode.OK, "granted\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", token, "disk=root /dev/vda"));
        Assert.Equal((HttpStatusCode.OK, "image"), await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "image", token));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "log", token, $"a line with {token} in it"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "written", token, "seconds=5"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "installed", firstBoot, "kernel=6.1"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "task", firstBoot, "kind=script\nname=a\nended=ok\nseconds=3\noutput=x"));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "task", firstBoot, "kind=script")).Status);
        Assert.Equal(DeploymentState.Installed, host.Current!.State);

        await host.Service.DrainEvidenceAsync();
        string[] secrets = [token, firstBoot, BootHost.RootHash];
        foreach (var file in Directory.EnumerateFiles(host.Folder, "*", SearchOption.AllDirectories))
        {
            var text = await File.ReadAllTextAsync(file);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }

        Assert.All((await host.Service.TimelineAsync(BootHost.Name))!.Entries, e => Assert.All(secrets, s => Assert.DoesNotContain(s, e.Text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_neighbour_gets_local_boot_for_its_own_mac_and_nothing_for_the_blades()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var own = await host.SendAsync(BootHost.Neighbour, HttpMethod.Get, $"/boot/script?mac={BootHost.NeighbourMac}&uuid=11111111-2222-3333-4444-555555555555");
        Assert.Equal(HttpStatusCode.OK, own.Status);
        Assert.Contains("local boot", own.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("token", own.Body, StringComparison.Ordinal);
        var forged = await host.SendAsync(BootHost.Neighbour, HttpMethod.Get, $"/boot/script?mac={BootHost.Mac}");
        Assert.Equal(HttpStatusCode.Forbidden, forged.Status);
        Assert.Single(await host.AlarmsAsync());
        Assert.Equal(DeploymentState.Granted, host.Current!.State);
    }

    [Theory]
    [InlineData("GET", "/boot/loaders/snponly.efi", HttpStatusCode.OK)]
    [InlineData("HEAD", "/boot/loaders/snponly.efi", HttpStatusCode.OK)]
    [InlineData("GET", "/boot/loaders/absent.efi", HttpStatusCode.NotFound)]
    [InlineData("GET", "/boot/environment/vmlinuz", HttpStatusCode.NotFound)]
    [InlineData("GET", "/boot/script", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/boot/script?mac=52:54:00:00:00:77", HttpStatusCode.Forbidden)]
    public async Task Who_is_on_no_network_in_force_gets_nothing_and_a_relays_client_is_on_the_network_configured_for_it(
        string method, string path, HttpStatusCode onNetwork)
    {
        await using var host = await BootHost.StartAsync();
        var relayed = IPAddress.Parse("127.7.0.5");
        var refused = await host.SendAsync(relayed, new HttpMethod(method), path);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Equal(method == "HEAD" ? "" : "127.7.0.5 is on no network of this server\n", refused.Body);

        host.Networks = BootHost.NetworksOf("127.0.0.0/24", "127.7.0.0/24");
        var served = await host.SendAsync(relayed, new HttpMethod(method), path);
        Assert.Equal(onNetwork, served.Status);
        Assert.DoesNotContain("on no network", served.Body, StringComparison.Ordinal);

        host.Networks = BootNetworks.None;
        Assert.Equal(HttpStatusCode.Forbidden, (await host.SendAsync(BootHost.Blade, new HttpMethod(method), path)).Status);
    }

    [Fact]
    public async Task By_TFTP_a_file_is_given_not_there_or_refused()
    {
        await using var host = await BootHost.StartAsync();
        using var loader = Assert.IsType<TftpFile>(await ReadAsync("snponly.efi", BootHost.Blade)).Content;
        Assert.Null(await ReadAsync("absent", BootHost.Blade));
        // A loader that is known and not fetched is not there, like one that is not known.
        Assert.Null(await ReadAsync("undionly.kpxe", BootHost.Blade));
        Assert.Equal("127.0.0.77 has no lease", Assert.IsType<TftpRefusal>(await ReadAsync("grub.cfg", IPAddress.Parse("127.0.0.77"))).Reason);
        Assert.IsType<TftpRefusal>(await ReadAsync("grub.cfg-01-52-54-00-00-00-01", BootHost.Neighbour));
        Assert.Contains("on no network", Assert.IsType<TftpRefusal>(await ReadAsync("snponly.efi", IPAddress.Parse("127.7.0.5"))).Reason, StringComparison.Ordinal);

        async Task<TftpReply?> ReadAsync(string path, IPAddress source) =>
            await host.Tftp.OpenAsync(new TftpReadRequest(path, new IPEndPoint(source, 2000), IPAddress.Loopback), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("GET", "plan")]
    [InlineData("GET", "image")]
    [InlineData("POST", "inventory")]
    [InlineData("POST", "claim")]
    [InlineData("POST", "progress")]
    [InlineData("POST", "host-keys")]
    [InlineData("POST", "log")]
    [InlineData("POST", "failed")]
    [InlineData("POST", "written")]
    [InlineData("POST", "installed")]
    [InlineData("POST", "task")]
    public async Task No_deploy_route_opens_without_the_token_of_its_boot_phase_and_address(string method, string what)
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var token = (await host.BootAsync())!;
        var (_, plan) = await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "plan", token);
        var firstBoot = plan.Split('\n').Single(l => l.StartsWith("step_first_boot", StringComparison.Ordinal)).Split('\'')[3];
        var (right, wrong) = what is "installed" or "task" ? (firstBoot, token) : (token, firstBoot);
        (IPAddress Source, string? Token, string? Id)[] attempts =
        [
            (BootHost.Blade, null, null),
            (BootHost.Blade, "", null),
            (BootHost.Blade, new string('A', 43), null),
            (BootHost.Blade, wrong, null),
            (BootHost.Blade, right, "01a204b0c3db7632a84ce4c537adeee3"),
            (BootHost.Blade, right, new string('a', 5000)),
            (BootHost.Neighbour, right, null),
            (IPAddress.Parse("127.0.0.77"), right, null),
        ];
        foreach (var attempt in attempts)
        {
            var answer = await host.DeployAsync(attempt.Source, new HttpMethod(method), what, attempt.Token, method == "POST" ? "step=x" : null, attempt.Id);
            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
            Assert.Single(answer.Body.TrimEnd('\n').Split('\n'));
        }

        Assert.Equal(DeploymentState.Booting, host.Current!.State);
        Assert.Null(host.Current.Progress);
    }

    [Fact]
    public async Task A_claim_counts_once_and_a_second_boot_gets_local_boot()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var first = (await host.BootAsync())!;
        var second = (await host.BootAsync())!;
        Assert.Equal(HttpStatusCode.Forbidden, (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", first, "disk=root")).Status);
        Assert.Equal("granted\n", (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", second, "disk=root")).Body);
        Assert.Equal("granted\n", (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", second, "disk=root")).Body);
        Assert.Null(await host.BootAsync());
        Assert.Equal(DeploymentState.Claimed, host.Current!.State);
    }

    [Fact]
    public async Task The_token_of_an_older_deployment_opens_nothing_of_the_new_one()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var old = (await host.BootAsync())!;
        var oldId = host.Current!.Id;
        Assert.True((await host.Service.CancelAsync(BootHost.Name, "test")).Ok);
        await host.GrantAsync();
        Assert.NotNull(await host.BootAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "plan", old)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "plan", old, id: oldId)).Status);
        Assert.StartsWith("refused", (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", old, "disk=root", oldId)).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "failed", old, "step=x", oldId)).Status);
        Assert.Equal(DeploymentState.Booting, host.Current!.State);
    }

    [Fact]
    public async Task A_plan_that_cannot_be_rendered_is_refused_for_good_and_says_why()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var token = await host.BootAsync();
        host.Secrets.Set("root-hash", "no hash at all");
        var (status, reason) = await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "plan", token);
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("the secret 'root-hash' is no password hash", reason, StringComparison.Ordinal);
        Assert.Contains("netdeploy passwd", reason, StringComparison.Ordinal);
        Assert.Contains("root-hash", Assert.Single(await host.AlarmsAsync()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host: evil.example:99\r\n")]
    [InlineData("")]
    public async Task The_plan_names_the_address_it_was_asked_at_whatever_the_host_header_says(string host)
    {
        await using var boot = await BootHost.StartAsync();
        await boot.GrantAsync();
        var token = await boot.BootAsync();
        var answer = await boot.RawAsync(BootHost.Blade, $"GET /deploy/{boot.Current!.Id}/plan HTTP/1.0\r\n{host}Authorization: Bearer {token}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains($"http://127.0.0.1:{boot.Port}/deploy/{boot.Current.Id}/installed", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/boot/loaders/../../etc/passwd")]
    [InlineData("/boot/loaders/..%2f..%2fetc%2fpasswd")]
    [InlineData("/boot/loaders/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/boot/loaders/snponly.efi%00.txt")]
    [InlineData("/boot/loaders/SNPONLY.EFI")]
    [InlineData("/boot/environment/..%2Fvmlinuz")]
    [InlineData("/boot//loaders/snponly.efi")]
    [InlineData("//boot/loaders/snponly.efi")]
    [InlineData("/boot/loaders/")]
    [InlineData("/boot/script")]
    [InlineData("/boot/script?mac=nonsense")]
    [InlineData("/deploy//plan")]
    [InlineData("/deploy/%00/plan")]
    [InlineData("/api/v1/machines")]
    [InlineData("/api/v1/status")]
    [InlineData("/api/v1/secrets")]
    [InlineData("/")]
    [InlineData("*")]
    public async Task Odd_paths_and_the_management_api_are_not_there(string path)
    {
        await using var host = await BootHost.StartAsync();
        var answer = await host.RawAsync(BootHost.Neighbour, $"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Matches("^HTTP/1.1 40[045] ", answer);
        Assert.DoesNotContain("a loader", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inventory", 300 << 10, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("host-keys", 300 << 10, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("log", 65 << 20, HttpStatusCode.OK)]
    [InlineData("log", 81 << 20, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Long_bodies_are_refused_or_cut_and_what_is_kept_is_bounded(string what, int length, HttpStatusCode expected)
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var token = await host.BootAsync();
        using var content = new ByteArrayContent(new byte[length]);
        // A server that refuses may answer and close before it was told all; then the client sees a broken pipe instead of the status.
        try
        {
            var (status, body) = await host.SendAsync(BootHost.Blade, HttpMethod.Post, $"/deploy/{host.Current!.Id}/{what}", token, content);
            Assert.Equal(expected, status);
            Assert.NotEmpty(body);
        }
        catch (HttpRequestException) when (expected == HttpStatusCode.RequestEntityTooLarge)
        {
        }

        Assert.InRange(new DirectoryInfo(Path.Combine(host.Folder, "bulk")).EnumerateFiles().Sum(f => f.Length), 0, 5 << 20);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(BootHost.Blade, HttpMethod.Get, "/boot/loaders/snponly.efi")).Status);
    }

    [Fact]
    public async Task Logs_beyond_the_budget_are_refused_with_the_reason_and_the_rest_goes_on()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantAsync();
        var token = await host.BootAsync();
        for (var i = 0; i < UploadBudget.PerDeployment / UploadBudget.LeastCharge; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "log", token, $"log {i}")).Status);
        }

        var (status, body) = await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "log", token, "one more");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Contains("32 MiB", Assert.Single(body.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "plan", token)).Status);
        Assert.Equal("granted\n", (await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", token, "disk=root")).Body);
    }

    [Fact]
    public async Task Silent_connections_from_many_addresses_keep_no_declared_machine_from_booting()
    {
        const int strangers = 100;
        await using var host = await BootHost.StartAsync(strangers);
        var held = new List<Socket>();
        try
        {
            const int each = ConnectionLimit.PerAddress;
            for (var i = 0; i < (2 * strangers) + each; i++)
            {
                var socket = await host.ConnectAsync(IPAddress.Parse($"127.0.0.{100 + (i / each)}"));
                held.Add(socket);
                await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HT"));
            }
        }
        catch (SocketException)
        {
            // Refused already while sending.
        }

        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(BootHost.Blade, HttpMethod.Get, "/boot/loaders/snponly.efi")).Status);
        held.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task Silent_connections_of_one_neighbour_are_closed_and_keep_no_machine_from_booting()
    {
        await using var host = await BootHost.StartAsync();
        var held = new List<Socket>();
        try
        {
            for (var i = 0; i < ConnectionLimit.PerAddress * 2; i++)
            {
                var socket = await host.ConnectAsync(BootHost.Neighbour);
                held.Add(socket);
                await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HT"));
            }
        }
        catch (SocketException)
        {
            // Refused already while sending.
        }

        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(BootHost.Blade, HttpMethod.Get, "/boot/loaders/snponly.efi")).Status);
        await Assert.ThrowsAsync<HttpRequestException>(() => host.SendAsync(BootHost.Neighbour, HttpMethod.Get, "/boot/loaders/snponly.efi"));
        held.ForEach(s => s.Dispose());

        // The server hears of the closed ones a moment later.
        for (var attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(BootHost.Neighbour, HttpMethod.Get, "/boot/loaders/snponly.efi")).Status);
                return;
            }
            catch (HttpRequestException) when (attempt < 99)
            {
                await Task.Delay(50);
            }
        }
    }
}
