using System.Collections.Concurrent;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// How many entries that change nothing a machine's timeline takes in a minute. A neighbour that repeats a refused request
/// must neither fill the disk nor push the true history out. What is dropped is counted, and said with the next entry kept.
/// </summary>
internal sealed class NoteBudget(TimeProvider clock)
{
    public const int PerMinute = 60;

    private readonly ConcurrentDictionary<string, Window> _windows = new(StringComparer.Ordinal);

    /// <param name="dropped">How many were dropped since the last one kept.</param>
    public bool Take(string machineId, out long dropped)
    {
        var window = _windows.GetOrAdd(machineId, _ => new Window { Start = clock.GetTimestamp() });
        lock (window)
        {
            dropped = 0;
            if (clock.GetElapsedTime(window.Start) >= TimeSpan.FromMinutes(1))
            {
                window.Start = clock.GetTimestamp();
                window.Used = 0;
            }

            if (window.Used >= PerMinute)
            {
                window.Dropped++;
                return false;
            }

            window.Used++;
            (dropped, window.Dropped) = (window.Dropped, 0);
            return true;
        }
    }

    /// <summary>The machine is gone.</summary>
    public void Forget(string machineId) => _windows.TryRemove(machineId, out _);

    internal int Count => _windows.Count;

    private sealed class Window
    {
        public long Start { get; set; }

        public int Used { get; set; }

        public long Dropped { get; set; }
    }
}
