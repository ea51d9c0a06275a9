using System.Diagnostics;

namespace NetDeploy.Server.Tests.BootFiles;

internal sealed record ShellResult(int ExitCode, string Output, string Error);

internal static class ShellRun
{
    public static async Task<ShellResult> Async(string program, IEnumerable<string> arguments, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await process.WaitForExitAsync(limit.Token);
        return new ShellResult(process.ExitCode, await output, await error);
    }
}
