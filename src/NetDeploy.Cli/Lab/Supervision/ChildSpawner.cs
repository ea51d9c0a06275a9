using System.Collections.Concurrent;
using System.Diagnostics;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>
/// Starts processes that die with this one, even when it is killed. The kernel sends the parent-death signal when the
/// <em>thread</em> that started the child ends (prctl(2), PR_SET_PDEATHSIG); a pool thread ends when it is idle. So all
/// children come from this one thread, which lives as long as the process.
/// </summary>
internal sealed class ChildSpawner : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    public ChildSpawner()
    {
        var thread = new Thread(() =>
        {
            foreach (var action in _work.GetConsumingEnumerable())
            {
                action();
            }

            // Still no end for this thread before the process ends: children may be alive.
            Thread.Sleep(Timeout.Infinite);
        })
        { IsBackground = true, Name = "spawner" };
        thread.Start();
    }

    /// <summary>Starts <paramref name="command"/> with both output streams appended to <paramref name="log"/> and nothing on its input.</summary>
    public Task<Process> StartAsync(IEnumerable<string> command, string log, IReadOnlyDictionary<string, string>? environment = null)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The shell only opens the log; it then becomes setpriv, which becomes the command: one process id all the way.
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, "setpriv", "--pdeathsig", "KILL", "--", .. command]);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _work.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    public void Dispose() => _work.CompleteAdding();
}
