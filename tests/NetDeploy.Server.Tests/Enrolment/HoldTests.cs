using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Boot;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Enrolment;

namespace NetDeploy.Server.Tests.Enrolment;

/// <summary>A held machine over the wire, as the deploy environment asks.</summary>
public sealed class HoldTests : IAsyncDisposable
{
    private const string Hold = "unknown: hold\n";
    private const string Inventory = "uuid=4c4c4544-0042-3510-8052-b4c04f4d3532\nserial=SN7\nvendor=Dell Inc.\nproduct=R640\nnic=eth0 52:54:00:00:00:01\n";
    private static readonly IPAddress Blade = IPAddress.Parse("127.0.0.10");
    private NewcomerWorld _world = null!;
    private WebApplication _app = null!;
    private int _port;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_tells_what_it_is_waits_is_adopted_and_boots_into_its_deployment()
    {
        await StartAsync(Hold);
        var token = await HeldAsync();

        Assert.StartsWith("inventory ", (await StateAsync(token)).Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await SendAsync(Blade, HttpMethod.Post, "inventory", token, Inventory));
        var waits = await StateAsync(token);
        Assert.StartsWith("wait ", waits.Body, StringComparison.Ordinal);
        Assert.Contains("netdeploy adopt 52:54:00:00:00:01 NAME", waits.Body, StringComparison.Ordinal);
        Assert.Empty(_world.Names);

        var seen = _world.Seen.Find(NewcomerWorld.Mac(1))!;
        Assert.Equal("SN7", seen.Newcomer.Smbios!.Serial);
        var adopted = await _world.Enroller.AdoptAsync(seen.Newcomer, "web1", ["minimal"], "debian-12", null, Cancelled);
        Assert.Null(adopted.Refusal);
        Assert.Equal(Guid.Parse("4c4c4544-0042-3510-8052-b4c04f4d3532"), adopted.Machine!.Binding.Uuid);
        Assert.Contains("netdeploy deploy web1", (await StateAsync(token)).Body, StringComparison.Ordinal);

        Assert.Null((await _world.Orders.DeployAsync("web1", null, null, null, "test", Cancelled)).Refusal);
        Assert.StartsWith("wait ", (await StateAsync(token)).Body, StringComparison.Ordinal);
        await _world.BuildImagesAsync();
        await NewcomerWorld.UntilAsync(() => _world.DeploymentOf("web1")!.State == DeploymentState.Granted);
        Assert.StartsWith("reboot ", (await StateAsync(token)).Body, StringComparison.Ordinal);

        // It was waiting, so nobody switched it on; it boots, and the token of its hold opens nothing of the deployment.
        Assert.Empty(_world.SwitchedOn);
        Assert.Equal(_world.DeploymentOf("web1")!.Id, NewcomerWorld.DeploymentIn(await _world.BootAsync(1)));
        using var client = From(Blade);
        using var plan = new HttpRequestMessage(HttpMethod.Get, $"/deploy/{_world.DeploymentOf("web1")!.Id}/plan");
        plan.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(plan, Cancelled)).StatusCode);
    }

    [Fact]
    public async Task A_rule_on_what_SMBIOS_says_is_decided_once_the_inventory_is_there()
    {
        await StartAsync(Hold + "rules:\n  - name: r640\n    match: {vendor: 'Dell*', serial: 'SN*'}\n    distro: debian-12\n    namePattern: 'r640-{serial}'\n    limit: 4\n    grant: true\n");
        // GRUB told nothing: the machine is held, and no later rule is tried.
        _world.Owners.Lease(Blade, NewcomerWorld.Mac(1));
        _world.Offer(1, architecture: 7, stage: Core.Boot.BootStage.Pxe);
        var script = NewcomerWorld.Text(await _world.Desk.TftpAsync("grub/grub.cfg", Blade, NewcomerWorld.Network, Cancelled));
        Assert.Contains("linux (tftp,10.77.0.1)/environment/vmlinuz", script, StringComparison.Ordinal);
        Assert.Contains("not told yet", script, StringComparison.Ordinal);
        var token = NewcomerWorld.HoldTokenIn(script)!;

        await SendAsync(Blade, HttpMethod.Post, "inventory", token, Inventory);
        var enrolled = await StateAsync(token);

        Assert.Equal("wait it is r640-sn7 now, and waits for its image\n", enrolled.Body);
        Assert.Equal(["r640-sn7"], _world.Names);
        Assert.Equal(DeploymentState.Preparing, _world.DeploymentOf("r640-sn7")!.State);
    }

    [Fact]
    public async Task A_restarted_server_knows_the_token_and_asks_for_the_inventory_again()
    {
        await StartAsync(Hold);
        var token = await HeldAsync();
        await SendAsync(Blade, HttpMethod.Post, "inventory", token, Inventory);
        await _app.DisposeAsync();
        await _world.RestartAsync();
        await ListenAsync();
        Assert.StartsWith("inventory ", (await StateAsync(token)).Body, StringComparison.Ordinal);
        await SendAsync(Blade, HttpMethod.Post, "inventory", token, Inventory);
        Assert.StartsWith("wait ", (await StateAsync(token)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_opens_its_own_MAC_from_its_own_address_alone()
    {
        await StartAsync(Hold);
        var token = await HeldAsync();
        var stranger = IPAddress.Parse("127.0.0.11");
        _world.Owners.Lease(stranger, NewcomerWorld.Mac(2));
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(stranger, HttpMethod.Get, "state", token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(IPAddress.Parse("127.0.0.12"), HttpMethod.Get, "state", token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(Blade, HttpMethod.Get, "state", null)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(Blade, HttpMethod.Get, "state", token[1..] + "A")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(Blade, HttpMethod.Get, "state", token, mac: "52:54:00:00:00:02")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(Blade, HttpMethod.Get, "state", token, mac: "no-mac")).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Blade, HttpMethod.Get, "state", token)).Status);
    }

    [Fact]
    public async Task Where_another_server_leases_a_token_is_for_its_NIC_and_the_machine_hears_who_else_tried()
    {
        await StartAsync("unknown: hold\nrules:\n  - name: r\n    match: {macPrefixes: ['52:54:00']}\n    distro: debian-12\n    namePattern: blade-{n}\n    limit: 8\n");
        var token = await HeldAsync();
        var stranger = IPAddress.Parse("127.0.0.11");
        _world.Owners.Lease(stranger, NewcomerWorld.Mac(2));
        _world.Owners.ByArp = true;

        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(stranger, HttpMethod.Get, "state", token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Blade, HttpMethod.Get, "state", token)).Status);
        await _world.Service.DrainEvidenceAsync(Cancelled);
        Assert.Contains(
            (await _world.Service.TimelineAsync("blade-1", cancellationToken: Cancelled))!.Entries,
            e => e.Kind == "refused" && e.Severity == TimelineSeverity.Alarm && e.Text.Contains("52:54:00:00:00:02", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_network_that_holds_no_more_sends_it_to_its_disk()
    {
        await StartAsync(Hold);
        var token = await HeldAsync();
        await SendAsync(Blade, HttpMethod.Post, "inventory", token, Inventory);
        await _world.ApplyAsync("unknown: local-boot\n");
        Assert.StartsWith("reboot ", (await StateAsync(token)).Body, StringComparison.Ordinal);
        Assert.Contains("sanboot", await _world.BootAsync(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_sends_is_bounded()
    {
        await StartAsync(Hold);
        var token = await HeldAsync();
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(Blade, HttpMethod.Post, "inventory", token, new string('x', 300_000))).Status);
        await SendAsync(Blade, HttpMethod.Post, "inventory", token, string.Concat(Enumerable.Range(0, 2000).Select(i => $"disk={new string('d', 3000)}\n"[..100] + "\n")) + "vendor=\u001b[2J\n");
        var held = _world.Hold.Held.Find(NewcomerWorld.Mac(1))!;
        Assert.Equal(128, held.Inventory.Length);

        for (var mac = 2; mac < HeldMachines.Bound + 50; mac++)
        {
            _world.Hold.Held.Hear(NewcomerWorld.Mac(mac));
        }

        Assert.Null(_world.Hold.Held.Find(NewcomerWorld.Mac(1)));
        _world.Clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Null(_world.Hold.Held.Find(NewcomerWorld.Mac(100)));
    }

    [Fact]
    public async Task A_machine_with_a_reserved_address_moves_to_it_before_it_gets_its_script()
    {
        await StartAsync(Hold);
        var token = await HeldAsync();
        await SendAsync(Blade, HttpMethod.Post, "inventory", token, Inventory);
        var newcomer = _world.Seen.Find(NewcomerWorld.Mac(1))!.Newcomer;
        Assert.Null((await _world.Enroller.AdoptAsync(newcomer, "web1", [], "debian-12", IPAddress.Parse("10.77.0.50"), Cancelled)).Refusal);
        Assert.Null((await _world.Orders.DeployAsync("web1", null, null, null, "test", Cancelled)).Refusal);
        await _world.BuildImagesAsync();
        await NewcomerWorld.UntilAsync(() => _world.DeploymentOf("web1")!.State == DeploymentState.Granted);
        Assert.Contains("moves from 10.77.0.101 to its own address 10.77.0.50", await _world.BootAsync(1), StringComparison.Ordinal);
        var home = IPAddress.Parse("10.77.0.50");
        _world.Owners.Lease(home, NewcomerWorld.Mac(1));
        Assert.NotNull(NewcomerWorld.DeploymentIn(NewcomerWorld.Text(await _world.Desk.ScriptAsync(NewcomerWorld.Mac(1), null, home, NewcomerWorld.Network, null, Cancelled))));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _world.DisposeAsync();
    }

    private async Task StartAsync(string enrolment)
    {
        _world = await NewcomerWorld.StartAsync(enrolment);
        await ListenAsync();
    }

    private async Task ListenAsync()
    {
        var (networks, _) = BootNetworks.Of([new NetworkSpec { Name = "lab", Subnet = IPNetwork.Parse("127.0.0.0/24") }], [], [IPAddress.Loopback]);
        _app = BootListener.Build(
            [new IPEndPoint(IPAddress.Loopback, 0)], _world.Desk, new BootFilesCatalog { Loaders = ImmutableDictionary<string, BootFile>.Empty, Faults = [] }, () => networks!, _world.Owners,
            _world.Service, new DeploymentPlans(_world.Service, null!, null!, null!, NullLogger.Instance), NullLoggerFactory.Instance, hold: _world.Hold);
        await _app.StartAsync(Cancelled);
        _port = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    /// <summary>The token of its script; from then on it asks from an address of loopback.</summary>
    private async Task<string> HeldAsync()
    {
        var token = NewcomerWorld.HoldTokenIn(await _world.BootAsync(1))!;
        _world.Owners.Lease(Blade, NewcomerWorld.Mac(1));
        return token;
    }

    private Task<(HttpStatusCode Status, string Body)> StateAsync(string token) => SendAsync(Blade, HttpMethod.Get, "state", token);

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(IPAddress source, HttpMethod method, string what, string? token, string? body = null, string mac = "52:54:00:00:00:01")
    {
        using var client = From(source);
        using var request = new HttpRequestMessage(method, $"/hold/{mac}/{what}") { Content = body is null ? null : new StringContent(body) };
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        using var response = await client.SendAsync(request, Cancelled);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private HttpClient From(IPAddress source) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{_port}"),
    };
}
