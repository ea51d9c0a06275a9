using System.Diagnostics;
using System.Text;
using System.Text.Json;
using NetDeploy.Cli.Lab;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>One lab, brought up and spoken to as an operator does: by the command alone. It goes when the test ends, whatever happened.</summary>
internal sealed partial class LabRun : IAsyncDisposable
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

    public async ValueTask DisposeAsync()
    {
        await CommandAsync(TimeSpan.FromMinutes(2), ["lab", "down", "--name", Name]);
        Assert.False(Directory.Exists($"/var/lib/netdeploy/{Name}"), "lab down left its folder");
        Assert.False(File.Exists($"/run/netns/netdeploy-{Name}"), "lab down left its namespace");
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
