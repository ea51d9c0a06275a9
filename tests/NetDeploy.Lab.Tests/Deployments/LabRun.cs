using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Lab.Tests.Roms;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>One lab, brought up and spoken to as an operator does: by the command alone. It goes when the test ends, whatever happened.</summary>
internal sealed class LabRun : IAsyncDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "NetDeploy.Cli.dll");

    private readonly ITestOutputHelper _output;

    private LabRun(ITestOutputHelper output) => _output = output;

    private string Name { get; } = $"ndt-lab-{Environment.ProcessId}-{Guid.NewGuid().ToString("n")[..4]}";

    private LabFolder Folder => new($"/var/lib/netdeploy/{Name}");

    private string Data => Folder.ServerData;

    public static LabRun Create(ITestOutputHelper output)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: network namespaces");
        return new LabRun(output);
    }

    public Task<JsonElement> UpAsync(TimeSpan limit, params string[] options) => ResultAsync(limit, ["lab", "up", "--name", Name, "--json", .. options]);

    public Task<JsonElement> DrillAsync(TimeSpan limit) => ResultAsync(limit, ["lab", "drill", "--name", Name, "--json"]);

    /// <summary>A verb against this lab's server.</summary>
    public Task<(int Exit, string Out, string Error)> RunAsync(TimeSpan limit, params string[] arguments) => CommandAsync(limit, [.. arguments, "--data", Data]);

    public async Task<JsonElement> ShowAsync(string machine)
    {
        var (exit, text, error) = await RunAsync(TimeSpan.FromMinutes(1), "show", machine, "--json");
        Assert.True(exit == 0, error);
        return JsonDocument.Parse(text.Split('\n')[0]).RootElement;
    }

    public async Task<string> TimelineAsync(string machine) => (await RunAsync(TimeSpan.FromMinutes(1), "show", machine)).Out;

    /// <summary>Pulls the blade's plug, and its NIC, and boots its disk alone to the login prompt; see <see cref="DiskAlone"/>.</summary>
    /// <returns>What its console said.</returns>
    public async Task<string> BootDiskAloneAsync(string blade, Variables variables)
    {
        var lab = await new LabControl(Folder.ControlSocket).PowerOffAsync(blade, TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        var console = await DiskAlone.BootAsync(
            lab.Blades.Single(b => b.Hardware.Name == blade),
            new BladeFiles(Folder.Blade(blade), Folder.Console(blade)),
            lab.Accelerator == Accelerator.Kvm.Name ? Accelerator.Kvm : Accelerator.Tcg,
            variables,
            TimeSpan.FromMinutes(4));
        _output.WriteLine($"{blade}'s disk alone, {variables} variables: login prompt after {clock.Elapsed.TotalSeconds:0} s");
        return console;
    }

    /// <summary>
    /// The lab's network, server and worker without blades: deployments wait for somebody to press the button, and the test
    /// does. The server knows <paramref name="blade"/> by its documents.
    /// </summary>
    /// <param name="more">YAML at the end of the blade's document.</param>
    public async Task<(LabNetwork Network, LabServer Server)> ServeAsync(BladeHardware blade, string more)
    {
        var cancel = TestContext.Current.CancellationToken;
        var setup = new LabServerSetup(Data, LabDefaults.CacheFolder, LabNetwork.Bridge, LabNetwork.ServerAddress, Folder.ControlSocket);
        var commands = new CommandRunner();
        var server = new LabServer(Data);
        await server.PrepareAsync(setup, _output.WriteLine, cancel);
        // As the lab starts them, but for the power: this process is not the command, and no supervisor has the blade.
        ImmutableArray<ChildCommand> children =
        [
            .. server.Processes(setup).Select(child => child with
            {
                Arguments = ["dotnet", Program, .. child.Arguments.SkipWhile(word => word is not ("worker" or "serve")).TakeWhile(word => word != "--lab-power")],
            }),
        ];
        await new LabLauncher(Folder, ["dotnet", Program, "lab", "supervise", Folder.Root]).StartAsync(new LabPlan(Name, children, []), commands, cancel);
        await server.WaitUntilReadyAsync(cancel);
        var key = await LabKey.MakeAsync(Folder, commands, cancel);
        var options = new LabOptions { Distro = "debian-12", Profile = "minimal" };
        var documents = LabDocuments.For(options, [blade], AptMirror.Read(), key.PublicKey);
        await server.ApplyAsync([.. documents.Select(d => d.Path == $"{blade.Name}.yaml" ? d with { Content = $"{d.Content}{more}\n" } : d)], cancel);
        return (new LabNetwork(commands, Name), server);
    }

    /// <summary>Powers the blade on behind a wire with <paramref name="rom"/> on it, waits, and pulls its plug.</summary>
    /// <returns>What its console said.</returns>
    public async Task<string> PowerOnAsync(LabNetwork network, BladeHardware blade, PlainRom rom, Func<Task> until)
    {
        var files = new BladeFiles(Folder.Blade(blade.Name), Folder.Console(blade.Name));
        files.MakeNew(blade);
        await File.WriteAllTextAsync(files.Console, "");
        await network.AddTapAsync(blade.Tap, TestContext.Current.CancellationToken);
        using var wire = new Wire(network, blade.Tap, files.Folder, rom);
        using var spawner = new ChildSpawner();
        var command = QemuArguments.For(blade, files, await Accelerator.ProbeAsync(new CommandRunner(), TestContext.Current.CancellationToken));
        var netdev = command.IndexOf("-netdev") + 1;
        var clock = Stopwatch.StartNew();
        using var machine = await spawner.StartAsync(command.SetItem(netdev, wire.Netdev), Folder.Log(blade.Name + ".qemu"));
        try
        {
            await (await Task.WhenAny(until(), wire.Broken.Task, machine.WaitForExitAsync(TestContext.Current.CancellationToken)));
            Assert.False(machine.HasExited, File.ReadAllText(Folder.Log(blade.Name + ".qemu")));
            _output.WriteLine($"{blade.Name} behind another ROM: there after {clock.Elapsed.TotalSeconds:0} s");
        }
        catch (Exception)
        {
            _output.WriteLine(await File.ReadAllTextAsync(files.Console));
            throw;
        }
        finally
        {
            machine.Kill();
            await machine.WaitForExitAsync();
        }

        return await File.ReadAllTextAsync(files.Console);
    }

    public async Task WaitForStateAsync(string machine, string state, TimeSpan limit)
    {
        using var server = new LabServer(Data);
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(500, TestContext.Current.CancellationToken))
        {
            var now = await server.MachineAsync(machine, TestContext.Current.CancellationToken);
            if (now.State == state)
            {
                return;
            }

            Assert.True(clock.Elapsed < limit, $"{machine} is {now.State} after {clock.Elapsed.TotalSeconds:0} s, not {state}: {now.Reason}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CommandAsync(TimeSpan.FromMinutes(2), ["lab", "down", "--name", Name]);
        Assert.False(Directory.Exists($"/var/lib/netdeploy/{Name}"), "lab down left its folder");
        Assert.False(File.Exists($"/run/netns/{Name}"), "lab down left its namespace");
    }

    private async Task<JsonElement> ResultAsync(TimeSpan limit, string[] arguments)
    {
        var (exit, text, error) = await CommandAsync(limit, arguments);
        Assert.True(exit == 0, $"exit {exit}\n{error}");
        var result = JsonDocument.Parse(text.TrimEnd().Split('\n')[^1]).RootElement;
        Assert.True(result.GetProperty("ok").GetBoolean(), text);
        return result;
    }

    private async Task<(int Exit, string Out, string Error)> CommandAsync(TimeSpan limit, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (text, error) = (new StringBuilder(), new StringBuilder());
        process.OutputDataReceived += (_, e) => Append(text, e.Data);
        process.ErrorDataReceived += (_, e) => Append(error, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"netdeploy {string.Join(' ', arguments)} did not end in {limit.TotalMinutes:0} min\n{error}");
        }

        _output.WriteLine($"netdeploy {string.Join(' ', arguments)}: exit {process.ExitCode}\n{error}{text}");
        return (process.ExitCode, text.ToString(), error.ToString());

        static void Append(StringBuilder to, string? line)
        {
            if (line is not null)
            {
                lock (to)
                {
                    to.Append(line).Append('\n');
                }
            }
        }
    }
}
