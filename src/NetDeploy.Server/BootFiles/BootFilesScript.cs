using System.ComponentModel;
using System.Diagnostics;

namespace NetDeploy.Server.BootFiles;

/// <summary>
/// Runs a script of <c>bootfiles/</c>. Its standard error is progress, line by line, the last line of a failure is the
/// reason; its standard output is the result; its exit codes are those told in <c>debian-packages</c>.
/// </summary>
internal static class BootFilesScript
{
    public static async Task<string> RunAsync(
        string script, IEnumerable<string> arguments, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(script, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new BootFilesException(
                BootFilesFault.Wrong, $"cannot start {script}: {e.Message}", "check that the folder bootfiles/ is complete and executable");
        }

        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var last = "";
            while (await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.Trim().Length == 0)
                {
                    continue;
                }

                last = line;
                progress?.Report(line);
            }

            var result = await output;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? result : throw Failure(process.ExitCode, Path.GetFileName(script), last);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    internal static BootFilesException Failure(int exitCode, string script, string reason)
    {
        reason = reason.Length > 0 ? reason : $"{script} failed with exit code {exitCode}";
        return exitCode switch
        {
            10 => new(BootFilesFault.MissingTool, reason, "install the named package, then `netdeploy bootfiles sync`"),
            11 => new(BootFilesFault.MirrorUnreachable, reason,
                "check the network and the mirror (`apt-get update`), or name another one with --mirror URL"),
            12 => new(BootFilesFault.BadSignature, reason,
                "update debian-archive-keyring and check this machine's clock; if both are right, do not use this mirror"),
            13 => new(BootFilesFault.DiskFull, reason, "free about 1 GB in the cache folder's file system"),
            14 => new(BootFilesFault.TooLarge, reason, "name fewer packages with --firmware, or remove lines of bootfiles/deploy/modules"),
            15 => new(BootFilesFault.Wrong, reason, "correct bootfiles/deploy/{packages,tools,modules}, or the option that names it"),
            _ => new(BootFilesFault.Wrong, reason, $"run {script} by hand to see all of its output"),
        };
    }

    /// <summary>The options that both scripts share.</summary>
    public static IEnumerable<string> SourceArguments(BootFilesOptions options)
    {
        List<string> arguments = ["--suite", options.Suite];
        if (options.Mirror is { } mirror)
        {
            arguments.AddRange(["--mirror", mirror]);
        }

        if (options.SecurityMirror is { } security)
        {
            arguments.AddRange(["--security-mirror", security]);
        }

        return arguments;
    }
}
