using System.Diagnostics;

namespace NetDeploy.Lab.Tests.Deployments;

internal sealed partial class LabRun
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    /// <summary>Brings the lab up and ends that when a machine's timeline shows what is waited for; the timeline.</summary>
    public async Task<string> UpUntilAsync(TimeSpan limit, string machine, Func<string, bool> seen, params string[] options)
    {
        var start = new ProcessStartInfo("dotnet", [Program, "lab", "up", "--name", Name, "--keep", "--json", .. options])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var timeline = "";
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit && !process.HasExited;)
        {
            await Task.Delay(Look);
            timeline = await TimelineAsync(machine);
            if (seen(timeline))
            {
                process.Kill(entireProcessTree: true);
                return timeline;
            }
        }

        process.Kill(entireProcessTree: true);
        Assert.Fail($"not seen in {limit.TotalMinutes:0} min:\n{timeline}\n{await error}\n{await output}");
        return timeline;
    }
}
