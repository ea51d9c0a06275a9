using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Cli.Commands;

/// <summary>
/// The image worker of a server that was not told of another one: a process of its own, since the server never runs a
/// profile's code. Where this process is root, that one becomes the build user before it does anything else
/// (<see cref="Server.Images.ImageWorkerProcess.BecomeBuildUser"/>). It ends when this process does, also by kill -9: its
/// standard input is a pipe whose other end only we hold. It has a session of its own, so that Ctrl-C at the server's terminal
/// reaches the server alone, which ends it in order. One that ends by itself is started again, after a pause that doubles
/// from a second to a minute: the machines boot without it, and only images wait.
/// </summary>
internal sealed partial class ImageWorkerChild : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly ImmutableArray<string> _command;
    private readonly TimeSpan _firstPause;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _serverEnds;

    private ImageWorkerChild(ImmutableArray<string> command, TimeSpan firstPause, ILogger logger)
    {
        _command = command;
        _firstPause = firstPause;
        _logger = logger;
        Supervision = SuperviseAsync();
    }

    public static ImageWorkerChild Start(string imagesFolder, ILogger logger) =>
        Start(ThisProgram.With("worker", "--images", imagesFolder, "--until-stdin-ends"), TimeSpan.FromSeconds(1), logger);

    internal static ImageWorkerChild Start(ImmutableArray<string> command, TimeSpan firstPause, ILogger logger) => new(command, firstPause, logger);

    /// <summary>Done when no worker is started any more.</summary>
    internal Task Supervision { get; }

    /// <summary>
    /// From now on an end of the worker is no fault: systemd, for one, asks both to end at once. It works on until it ends so or is
    /// disposed of.
    /// </summary>
    public void ServerEnds() => _serverEnds = true;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Supervision.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task SuperviseAsync()
    {
        var pause = _firstPause;
        while (!_stopping.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            var end = await RunAsync().ConfigureAwait(false);
            if (_serverEnds || _stopping.IsCancellationRequested)
            {
                return;
            }

            // One that worked for a while did not fail at its start.
            pause = Stopwatch.GetElapsedTime(started) > LongestPause ? _firstPause : pause;
            Ended(_logger, end, pause.TotalSeconds);
            await Task.Delay(pause, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }
    }

    /// <summary>Until it ends, or is asked to: then its input ends, and it is killed where it does not heed that.</summary>
    /// <returns>How it ended.</returns>
    private async Task<string> RunAsync()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("setsid", _command) { RedirectStandardInput = true })!;
            await process.WaitForExitAsync(_stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited)
            {
                process.StandardInput.Close();
                using var patience = new CancellationTokenSource(Patience);
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                    await process.WaitForExitAsync().ConfigureAwait(false);
                }
            }

            return $"exit code {process.ExitCode}";
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The image worker ended by itself ({End}): no image is built until it works again. It is started again in {Seconds:0.##} s. Its own lines above say why it ended, and 'netdeploy worker' alone shows it too; mend that, the server need not be restarted")]
    private static partial void Ended(ILogger logger, string end, double seconds);
}
