using System.Diagnostics;
using System.Globalization;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// One command of a build, with all its descendants. They die with the worker, also when that is killed:
/// the command itself by its parent-death signal, which the kernel ties to the *thread* that made it (so a thread of
/// its own lives as long as the command does), the whole process group by a watcher that sees the worker's pipe close.
/// </summary>
internal sealed class BuildProcess : IDisposable
{
    // Standard input stays open until the worker dies; when the command has ended, the watcher is killed instead.
    private const string Watcher = "read line; kill -s KILL -- \"-$1\"";

    private readonly Process _process;
    private readonly Process _watcher;
    private readonly TaskCompletionSource<int> _exit;

    private BuildProcess(Process process, Process watcher, TaskCompletionSource<int> exit)
    {
        _process = process;
        _watcher = watcher;
        _exit = exit;
    }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    public StreamReader Error => _process.StandardError;

    /// <summary>The exit status; 128 and the signal's number after a signal.</summary>
    public Task<int> Exit => _exit.Task;

    public static async Task<BuildProcess> StartAsync(
        WorkerIdentity identity, IEnumerable<string> command, string folder, IReadOnlyDictionary<string, string> environment)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        var exit = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                var process = Start(identity.Wrap(command), folder, environment);
                started.SetResult(process);
                process.WaitForExit();
                exit.SetResult(process.ExitCode);
            }
#pragma warning disable CA1031 // Handed to the caller, who awaits one of the two.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!started.TrySetException(e))
                {
                    exit.TrySetException(e);
                }
            }
        })
        {
            IsBackground = true,
            Name = "image build",
        };
        thread.Start();

        var child = await started.Task.ConfigureAwait(false);
        var group = child.Id.ToString(CultureInfo.InvariantCulture);
        try
        {
            var watcher = Start(identity.Wrap(["sh", "-c", Watcher, "sh", group], diesWithParent: false), "/", environment);
            return new BuildProcess(child, watcher, exit);
        }
        catch
        {
            child.Kill();
            throw;
        }
    }

    /// <summary>Ends the command and all its descendants, at once.</summary>
    public void Kill()
    {
        Posix.KillGroup(_process.Id);
        if (!_exit.Task.IsCompleted)
        {
            // In its first moments the command has no group of its own yet.
            _process.Kill();
        }
    }

    public void Dispose()
    {
        if (!_exit.Task.IsCompleted)
        {
            Kill();
            _exit.Task.Wait();
        }

        _watcher.Kill();
        _watcher.WaitForExit();
        _watcher.Dispose();
        _process.Dispose();
    }

    private static Process Start(IEnumerable<string> command, string folder, IReadOnlyDictionary<string, string> environment)
    {
        var words = command.ToArray();
        var info = new ProcessStartInfo(words[0], words[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }

        return Process.Start(info) ?? throw new InvalidOperationException($"{words[0]} did not start.");
    }
}
