using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Protocols.Syslog;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Syslog;
using NetDeploy.Server.Tests.Deployments;

namespace NetDeploy.Server.Tests.Syslog;

/// <summary>An installer's log: evidence for the timeline, and a sign of life; never a change of state.</summary>
public sealed class InstallerLogsTests
{
    private static readonly InstallerStart Installer = new("debian-13", "0123456789abcdef", null, null);
    private static readonly SyslogMessage Partitioning = new(6, "main-menu", "INFO: Menu item 'partman-base' selected");

    [Fact]
    public async Task A_line_goes_to_the_timeline_of_the_machine_whose_boot_came_from_its_address()
    {
        await using var world = await World.StartAsync();
        await BootAsync(world);
        var logs = new InstallerLogs(world.Service);

        logs.Heard(World.Blade, Partitioning);
        logs.Heard(IPAddress.Parse("::ffff:10.77.0.10"), new(6, "main-menu", "INFO: Menu item 'pkgsel' selected"));
        logs.Heard(World.Neighbour, new(6, "main-menu", "INFO: Menu item 'finish-install' selected"));

        Assert.Equal(
            ["installer 14 %: debian-13, partitioning", "installer 64 %: debian-13, packages"],
            (await world.TimelineAsync()).Where(e => e.Kind == "progress").Select(e => e.Text));
        Assert.Equal(DeploymentState.Booting, world.Current!.State);
    }

    [Fact]
    public async Task A_question_is_an_alarm_and_changes_no_state()
    {
        await using var world = await World.StartAsync();
        await BootAsync(world);
        var logs = new InstallerLogs(world.Service);

        foreach (var line in (string[])["--> INPUT critical partman/confirm", "<-- 0 question will be asked", "--> GO"])
        {
            logs.Heard(World.Blade, new(7, "debconf", line));
        }

        Assert.Contains(await world.TimelineAsync(), e => e is { Kind: "installer", Severity: TimelineSeverity.Alarm } && e.Text.Contains("partman/confirm", StringComparison.Ordinal));
        Assert.Equal(DeploymentState.Booting, world.Current!.State);
    }

    [Fact]
    public async Task An_installer_that_speaks_is_alive_and_one_that_is_silent_for_its_own_limit_ends_in_quarantine()
    {
        await using var world = await World.StartAsync();
        var caller = await BootAsync(world);
        Assert.IsType<DeploymentAnswer.ClaimGranted>(await world.Service.ClaimAsync(caller, "root /dev/vda"));
        var logs = new InstallerLogs(world.Service);
        var limit = new DeploymentLimits().InstallerSilence;
        Assert.True(limit > new DeploymentLimits().ClaimedSilence);

        for (var round = 0; round < 5; round++)
        {
            await world.AdvanceAsync(limit - TimeSpan.FromMinutes(1));
            logs.Heard(World.Blade, new(6, "debootstrap", $"Unpacking package{round} ..."));
        }

        Assert.Equal(DeploymentState.Claimed, world.Current!.State);
        await world.AdvanceAsync(limit + TimeSpan.FromSeconds(1));
        Assert.Equal(DeploymentState.Stuck, world.Current!.State);
        Assert.NotNull(world.Machine.Quarantine);

        // Nobody is heard any more.
        logs.Heard(World.Blade, Partitioning);
        Assert.DoesNotContain(await world.TimelineAsync(), e => e.Kind == "progress");
    }

    [Fact]
    public async Task Another_boot_of_the_deployment_begins_at_the_beginning()
    {
        await using var world = await World.StartAsync();
        await BootAsync(world);
        var logs = new InstallerLogs(world.Service);
        logs.Heard(World.Blade, Partitioning);
        Assert.NotNull(await world.PowerOnAsync());
        logs.Heard(World.Blade, Partitioning);

        Assert.Equal(2, (await world.TimelineAsync()).Count(e => e.Text.Contains("14 %", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_address_that_the_installer_left_with_another_boot_is_a_strangers()
    {
        await using var world = await World.StartAsync();
        await BootAsync(world);
        var moved = IPAddress.Parse("10.77.0.11");
        world.Owners.Lease(moved, World.Mac);
        world.Desk.Offer(new BootClient { Mac = World.Mac, Stage = BootStage.Ipxe, Architectures = [0] }, World.Network, out _);
        Assert.NotNull(await world.ScriptTokenAsync(moved));
        var logs = new InstallerLogs(world.Service);

        Assert.False(logs.Hears(World.Blade));
        Assert.True(logs.Hears(moved));
        logs.Heard(World.Blade, new(7, "debconf", "--> INPUT critical partman/confirm"));
        logs.Heard(moved, Partitioning);
        Assert.Equal("installer 14 %: debian-13, partitioning", Assert.Single(await world.TimelineAsync(), e => e.Kind is "progress" or "installer").Text);

        Assert.True((await world.Service.CancelAsync(World.Name, "test")).Ok);
        Assert.False(logs.Hears(moved));
    }

    /// <summary>Beside another DHCP server GRUB has one address and the installer another, on the same NIC.</summary>
    [Fact]
    public async Task The_installer_is_heard_from_where_it_showed_its_token_until_it_ends()
    {
        await using var world = await World.StartAsync();
        world.Owners.ByArp = true;
        Assert.True((await world.Service.GrantAsync(new GrantRequest(World.Name, "recipe", "inputs", null, null, "test", Installer: Installer))).Ok);
        Assert.True(await world.Service.ImageReadyAsync(world.Current!.Id, Installer.BuildId));
        var token = (await world.PowerOnAsync())!;
        var caller = await world.CallerAsync(token);
        var installer = IPAddress.Parse("10.77.0.11");
        world.Owners.Lease(installer, World.Mac);
        var logs = new InstallerLogs(world.Service);
        Assert.False(logs.Hears(installer));

        Assert.NotNull((await world.Service.AuthenticateAsync(world.Current!.Id, token, World.Neighbour, TokenPhase.Deploy)).Refusal);
        Assert.Null((await world.Service.AuthenticateAsync(world.Current!.Id, token, installer, TokenPhase.Deploy)).Refusal);
        Assert.True(logs.Hears(installer));
        Assert.False(logs.Hears(World.Neighbour));

        Assert.IsType<DeploymentAnswer.ClaimGranted>(await world.Service.ClaimAsync(caller, "root /dev/vda"));
        Assert.True(logs.Hears(installer));
        logs.Heard(installer, Partitioning);
        Assert.Contains(await world.TimelineAsync(), e => e.Kind == "progress");

        await world.Service.WrittenAsync(caller, null, null);
        Assert.False(logs.Hears(installer));
        Assert.Empty(world.Service.InstallerBoots());
    }

    [Fact]
    public async Task A_restarted_server_hears_the_installer_that_runs()
    {
        await using var world = await World.StartAsync();
        await BootAsync(world);
        await world.RestartAsync();

        new InstallerLogs(world.Service).Heard(World.Blade, Partitioning);

        Assert.Contains(await world.TimelineAsync(), e => e.Kind == "progress");
    }

    [Fact]
    public async Task Datagrams_arrive_and_junk_harms_nothing()
    {
        var heard = new Heard();
        await using var server = new SyslogServer(new IPEndPoint(IPAddress.Loopback, 0), heard, NullLogger<SyslogServer>.Instance);
        server.Start();
        using var sender = new UdpClient(AddressFamily.InterNetwork);
        sender.Connect(server.Address);

        await sender.SendAsync(ReadOnlyMemory<byte>.Empty);
        await sender.SendAsync(new byte[60_000]);
        await sender.SendAsync(Encoding.ASCII.GetBytes("<14>Nov 29 18:53:20 main-menu[350]: INFO: Menu item 'disk-detect' selected"));

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (heard.Messages.All(m => m.Tag != "main-menu"))
        {
            await Task.Delay(10, patience.Token);
        }

        Assert.Contains(new SyslogMessage(6, "main-menu", "INFO: Menu item 'disk-detect' selected"), heard.Messages);
        Assert.False(server.Completion.IsCompleted);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_with_its_remedy()
    {
        await using var first = new SyslogServer(new IPEndPoint(IPAddress.Loopback, 0), new Heard(), NullLogger<SyslogServer>.Instance);

        var fault = Assert.Throws<ServerFault>(() => new SyslogServer(first.Address, new Heard(), NullLogger<SyslogServer>.Instance));

        Assert.Contains("syslogPort", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_is_forbidden_is_nobodys_to_stop()
    {
        var fault = SyslogServer.Refusal(new IPEndPoint(IPAddress.Loopback, 514), new SocketException((int)SocketError.AccessDenied));

        Assert.Contains("no permission for UDP port 514", fault.Message, StringComparison.Ordinal);
        Assert.Contains("CAP_NET_BIND_SERVICE", fault.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("syslogPort", fault.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("Stop the program", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_strangers_send_is_not_read()
    {
        var heard = new Heard { Stranger = IPAddress.Parse("127.0.0.2") };
        await using var server = new SyslogServer(new IPEndPoint(IPAddress.Loopback, 0), heard, NullLogger<SyslogServer>.Instance);
        server.Start();
        using var stranger = new UdpClient(new IPEndPoint(heard.Stranger, 0));
        using var installer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));

        await stranger.SendAsync(Encoding.ASCII.GetBytes("<14>Nov 29 18:53:20 stranger: hello"), server.Address);
        await installer.SendAsync(Encoding.ASCII.GetBytes("<14>Nov 29 18:53:20 installer: hello"), server.Address);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (heard.Messages.Length == 0)
        {
            await Task.Delay(10, patience.Token);
        }

        Assert.Equal("installer", Assert.Single(heard.Messages).Tag);
    }

    private static async Task<Caller> BootAsync(World world)
    {
        Assert.True((await world.Service.GrantAsync(new GrantRequest(World.Name, "recipe", "inputs", null, null, "test", Installer: Installer))).Ok);
        Assert.True(await world.Service.ImageReadyAsync(world.Current!.Id, Installer.BuildId));
        return await world.CallerAsync((await world.PowerOnAsync())!);
    }

    private sealed class Heard : IInstallerLogs
    {
        private readonly Lock _gate = new();
        private readonly List<SyslogMessage> _messages = [];

        public SyslogMessage[] Messages
        {
            get
            {
                lock (_gate)
                {
                    return [.. _messages];
                }
            }
        }

        public IPAddress? Stranger { get; init; }

        bool IInstallerLogs.Hears(IPAddress source) => !source.Equals(Stranger);

        void IInstallerLogs.Heard(IPAddress source, SyslogMessage message)
        {
            lock (_gate)
            {
                _messages.Add(message);
            }
        }
    }
}
