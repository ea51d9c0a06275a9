using System.Collections.Immutable;
using System.Diagnostics;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>Blades of another build than <c>lab up</c> makes, on a switch with tagged VLANs.</summary>
internal sealed partial class LabRun
{
    /// <summary>The lab with this blade, off, and its documents applied.</summary>
    /// <param name="profile">The blade's profile, by its name <c>host</c>: YAML below <c>system:</c>.</param>
    public async Task HostAsync(BladeHardware blade, LabVlan vlan, string profile)
    {
        var cancel = TestContext.Current.CancellationToken;
        var setup = new LabServerSetup(Data, LabDefaults.CacheFolder, LabNetwork.Bridge, LabNetwork.ServerAddress, Folder.ControlSocket) { MoreInterfaces = [vlan.Interface()] };
        using var server = new LabServer(Data);
        await server.PrepareAsync(setup, _output.WriteLine, cancel);

        // This process is not the command.
        ImmutableArray<ChildCommand> children =
        [
            .. server.Processes(setup).Select(child => child with
            {
                Arguments = ["dotnet", Program, .. child.Arguments.SkipWhile(word => word is not ("worker" or "serve"))],
            }),
        ];
        await new LabLauncher(Folder, ["dotnet", Program, "lab", "supervise", Folder.Root])
            .StartAsync(new LabPlan(LabDefaults.NamespacePrefix + Name, children, [blade]) { Vlans = [vlan] }, Commands, cancel);
        await server.WaitUntilReadyAsync(cancel);
        var key = await LabKey.MakeAsync(Folder, Commands, cancel);
        var options = new LabOptions { Distro = "debian-12", Profile = "host" };
        await server.ApplyAsync(
            [
                .. LabDocuments.For(options, [blade], AptMirror.Read(), key.PublicKey),
                new DocumentText("host.yaml", "apiVersion: netdeploy/v1\nkind: Profile\nname: host\nparents: [minimal]\nsystem:\n" + profile),
                new DocumentText("vlan.yaml", $"""
                    apiVersion: netdeploy/v1
                    kind: Network
                    name: vlan
                    subnet: {vlan.ServerAddress[..vlan.ServerAddress.LastIndexOf('.')]}.0/24
                    router: {vlan.ServerAddress}
                    pools: [{HostPool(vlan)}]
                    """),
            ],
            cancel);
    }

    /// <summary>A process of the host, inside the lab's network.</summary>
    public Process Beside(params string[] command)
    {
        string[] inside = [.. Network.Inside(command)];
        return Process.Start(new ProcessStartInfo(inside[0], inside[1..]))!;
    }

    /// <summary>Waits until the timeline of the blade has such a line, and returns it.</summary>
    public async Task<TimelineView> ToldAsync(string blade, Func<TimelineView, bool> line, string what, TimeSpan limit)
    {
        using var server = new LabServer(Data);
        IReadOnlyList<TimelineView> all = [];
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit; await Task.Delay(500, TestContext.Current.CancellationToken))
        {
            all = await server.TimelineAsync(blade, 0, TimeSpan.Zero, TestContext.Current.CancellationToken);
            if (all.FirstOrDefault(line) is { } found)
            {
                return found;
            }

            var machine = await server.MachineAsync(blade, TestContext.Current.CancellationToken);
            Assert.False(machine.State is "quarantined" or "failed" or "stuck" or "expired", $"{machine.State}: {machine.Reason}\n{Told(all)}");
        }

        Assert.Fail($"no '{what}' after {limit.TotalMinutes:0} min\n{Told(all)}\n{(File.Exists(Folder.Console(blade)) ? string.Join('\n', File.ReadLines(Folder.Console(blade)).TakeLast(40)) : "")}");
        throw new UnreachableException();

        static string Told(IEnumerable<TimelineView> lines) => string.Join('\n', lines.TakeLast(40).Select(l => $"{l.Kind}  {l.Text}"));
    }

    /// <summary>A command on the blade by SSH, and what it printed. The blade is believed by the host key that it reported.</summary>
    public async Task<string> SshAsync(string blade, string address, string command)
    {
        var keys = (await ShowAsync(blade)).GetProperty("hostKeys").EnumerateArray().Select(k => k.GetString()!.Split(' ')).Select(k => $"{address} {k[0]} {k[1]}");
        var known = Path.Combine(Folder.Keys, $"{blade}.test_hosts");
        await File.WriteAllLinesAsync(known, keys, TestContext.Current.CancellationToken);
        var done = await Commands.RunAsync(
            [
                .. Network.Inside(
                [
                    "ssh", "-F", "/dev/null", "-i", LabKey.FileIn(Folder), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes",
                    "-o", $"UserKnownHostsFile={known}", "-o", "GlobalKnownHostsFile=/dev/null", "-o", "ConnectTimeout=20", $"root@{address}", command,
                ]),
            ],
            TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.True(done.Succeeded, $"{command}\n{done.Output}{done.Error}");
        return done.Output;
    }

    private static string HostPool(LabVlan vlan)
    {
        var prefix = vlan.ServerAddress[..vlan.ServerAddress.LastIndexOf('.')];
        return $"{{first: {prefix}.100, last: {prefix}.120}}";
    }
}
