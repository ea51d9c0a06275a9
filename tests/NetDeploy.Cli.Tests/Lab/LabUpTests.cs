using System.Text.Json;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

/// <summary>The flow over real blades, a real namespace and a real supervisor; server and SSH are told what to say.</summary>
[Collection("blades")]
public sealed class LabUpTests
{
    private static readonly CommandResult Login = new(0, "deployment=d-1\nroot=/dev/vda2\nboot=1\ncmdline=quiet\n", "");

    [Fact]
    public async Task Up_deploys_and_proves_each_blade_then_a_drill_rebuilds_one_and_the_lab_stays_up()
    {
        LabHost.NeedsQemu();
        Assert.SkipUnless(LabHost.Has("ssh-keygen"), "needs openssh-client");
        await using var host = new LabHost();
        var server = new FakeLabServer(new LabControl(host.Folder.ControlSocket), "installed");
        var said = new StringWriter();
        var lab = Lab(host, server, said, blades: 2, Login);

        var up = await lab.UpAsync(TestContext.Current.CancellationToken);

        Assert.True(up.Ok, said.ToString());
        Assert.Equal(["blade-1", "blade-2"], up.Machines.Select(m => m.Name));
        using (var json = JsonDocument.Parse(up.ToJson()))
        {
            var machine = json.RootElement.GetProperty("machines")[0];
            Assert.True(json.RootElement.GetProperty("ok").GetBoolean());
            Assert.Equal("installed", machine.GetProperty("state").GetString());
            Assert.Equal("bios", machine.GetProperty("firmware").GetString());
            Assert.Equal("image", machine.GetProperty("method").GetString());
            Assert.True(machine.GetProperty("ssh").GetBoolean());
            Assert.True(machine.GetProperty("seconds").GetDouble() > 0);
            Assert.False(machine.TryGetProperty("rebuilt", out _));
        }

        Assert.Contains(server.Applied, d => d.Path == "site.yaml" && d.Content.Contains("ssh-ed25519 ", StringComparison.Ordinal));
        Assert.Contains(server.Applied, d => d.Path == "blade-2.yaml" && d.Content.Contains("address: 10.77.0.11", StringComparison.Ordinal));
        var name = host.Folder.Name;
        Assert.Contains($"next: netdeploy show blade-1 --data {host.Folder.ServerData}; netdeploy lab drill blade-1 --name {name}; netdeploy lab down --name {name}", said.ToString(), StringComparison.Ordinal);
        var again = await Assert.ThrowsAsync<UserFault>(() => lab.UpAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"netdeploy lab down --name {name}", again.Remedy, StringComparison.Ordinal);
        Assert.Contains("blade-1: unpacking 50 %", said.ToString(), StringComparison.Ordinal);

        var before = (await new LabControl(host.Folder.ControlSocket).StateAsync(TestContext.Current.CancellationToken)).Blades[0].Hardware.Identity;
        var drill = await lab.DrillAsync(null, TestContext.Current.CancellationToken);

        Assert.True(drill.Ok, said.ToString());
        Assert.Contains("\"rebuilt\":true", drill.ToJson(), StringComparison.Ordinal);
        Assert.NotEqual(before, Assert.Single(server.Replaced));
        Assert.Equal(2, (await new LabControl(host.Folder.ControlSocket).StateAsync(TestContext.Current.CancellationToken)).Blades.Count(b => b.On));
    }

    [Fact]
    public async Task A_drill_without_the_lab_builds_none()
    {
        await using var host = new LabHost();
        var server = new FakeLabServer(new LabControl(host.Folder.ControlSocket), "installed");

        var fault = await Assert.ThrowsAsync<UserFault>(() => Lab(host, server, new StringWriter(), blades: 1, Login).DrillAsync(null, TestContext.Current.CancellationToken));

        Assert.Equal($"There is no lab '{host.Folder.Name}'.", fault.Message);
        Assert.False(host.Wire.Exists);
    }

    [Fact]
    public async Task Blades_that_no_document_names_are_told_by_the_names_that_the_server_gave_them()
    {
        LabHost.NeedsQemu();
        Assert.SkipUnless(LabHost.Has("ssh-keygen"), "needs openssh-client");
        await using var host = new LabHost();
        var server = new FakeLabServer(new LabControl(host.Folder.ControlSocket), "installed") { Enrols = true };
        var said = new StringWriter();

        var lab = Lab(host, server, said, blades: 2, Login, enrol: true);
        var up = await lab.UpAsync(TestContext.Current.CancellationToken);

        Assert.True(up.Ok, said.ToString());
        Assert.Equal([("node-2", "blade-1", "lab/blades"), ("node-1", "blade-2", "lab/blades")], up.Machines.Select(m => (m.Name, m.Blade!, m.EnrolledBy!)));
        Assert.Equal(["network.yaml", "site.yaml", "enrolment.yaml"], server.Applied.Select(d => d.Path));
        Assert.Contains("\"enrolledBy\":\"lab/blades\"", up.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_fails_before_there_is_a_lab_is_not_told_as_its_end()
    {
        await using var host = new LabHost();
        var server = new FakeLabServer(new LabControl(host.Folder.ControlSocket), "installed") { Unprepared = new UserFault("no boot files") };
        var said = new StringWriter();
        await Assert.ThrowsAsync<UserFault>(() => Lab(host, server, said, blades: 1, Login).UpAsync(TestContext.Current.CancellationToken));
        Assert.Empty(said.ToString());
    }

    [Fact]
    public async Task A_failed_deployment_says_why_and_leaves_the_logs_alone()
    {
        LabHost.NeedsQemu();
        Assert.SkipUnless(LabHost.Has("ssh-keygen"), "needs openssh-client");
        await using var host = new LabHost();
        var server = new FakeLabServer(new LabControl(host.Folder.ControlSocket), "quarantined", "step_select_disk: no disk fits");
        var said = new StringWriter();

        var up = await Lab(host, server, said, blades: 1, Login).UpAsync(TestContext.Current.CancellationToken);

        Assert.False(up.Ok);
        Assert.Equal("quarantined", up.Machines[0].State);
        Assert.Contains("no disk fits", up.Machines[0].Reason, StringComparison.Ordinal);
        Assert.Contains($"the whole console is {host.Folder.Console("blade-1")}", said.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists(host.Folder.Console("blade-1")));
        Assert.False(host.Wire.Exists);
        Assert.False(Directory.Exists(host.Folder.Blades));
    }

    [Fact]
    public async Task A_server_that_ends_is_the_reason_and_a_kept_lab_stays()
    {
        LabHost.NeedsQemu();
        Assert.SkipUnless(LabHost.Has("ssh-keygen"), "needs openssh-client");
        await using var host = new LabHost();
        var server = new FakeLabServer(new LabControl(host.Folder.ControlSocket), "booting")
        {
            Children = [new("server", ["sh", "-c", "exit 9"], InsideNetwork: true)],
        };

        var up = await Lab(host, server, new StringWriter(), blades: 1, Login, keep: true).UpAsync(TestContext.Current.CancellationToken);

        Assert.False(up.Ok);
        Assert.Contains("the server ended with exit code 9", up.Machines[0].Reason, StringComparison.Ordinal);
        Assert.True(host.Wire.Exists);
    }

    [Fact]
    public async Task An_installed_machine_with_another_deployment_on_its_disk_is_no_success()
    {
        LabHost.NeedsQemu();
        Assert.SkipUnless(LabHost.Has("ssh-keygen"), "needs openssh-client");
        await using var host = new LabHost();
        var server = new FakeLabServer(new LabControl(host.Folder.ControlSocket), "installed");

        var up = await Lab(host, server, new StringWriter(), blades: 1, Login with { Output = Login.Output.Replace("d-1", "d-0", StringComparison.Ordinal) })
            .UpAsync(TestContext.Current.CancellationToken);

        Assert.False(up.Ok);
        Assert.False(up.Machines[0].Ssh);
        Assert.Contains("d-0", up.Machines[0].Reason, StringComparison.Ordinal);
    }

    private static LabUp Lab(LabHost host, FakeLabServer server, StringWriter said, int blades, CommandResult ssh, bool keep = false, bool enrol = false) => new(
        new LabOptions { Distro = "debian-12", Blades = blades, Folder = host.Folder, Network = host.Network, Keep = keep, Enrol = enrol },
        server,
        new FakeCommands(command => command.Contains("ssh") ? ssh : null, new CommandRunner()),
        SupervisorEntry.Command(host.Folder),
        new PlainDisplay(said));
}
