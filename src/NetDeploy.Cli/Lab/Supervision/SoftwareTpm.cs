using System.Diagnostics;
using NetDeploy.Cli.Lab.Blades;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>A blade's TPM: swtpm beside its QEMU. It ends by itself when that one does, and keeps its state for the next power-on.</summary>
internal static class SoftwareTpm
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <exception cref="UserFault">It does not start.</exception>
    public static async Task<Process> StartAsync(BladeFiles files, ChildSpawner spawner, string log, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(files.Tpm);
        // One that ends this moment removes its socket as it goes.
        for (var clock = Stopwatch.StartNew(); File.Exists(files.TpmSocket) && clock.Elapsed < TimeSpan.FromSeconds(2);)
        {
            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }

        File.Delete(files.TpmSocket);
        var process = await spawner.StartAsync(
            ["swtpm", "socket", "--tpm2", "--tpmstate", $"dir={files.Tpm}", "--ctrl", $"type=unixio,path={files.TpmSocket}", "--terminate"], log).ConfigureAwait(false);
        for (var clock = Stopwatch.StartNew(); !File.Exists(files.TpmSocket);)
        {
            if (process.HasExited || clock.Elapsed > Limit)
            {
                process.Dispose();
                throw new UserFault("The blade's TPM does not start.", $"swtpm's own words are in {log}; it is the Debian package swtpm.");
            }

            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }

        return process;
    }
}
