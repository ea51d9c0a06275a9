namespace NetDeploy.Server.Deployments;

/// <summary>
/// When silence becomes too long, on the monotonic clock: a wall clock that is set cannot end or prolong anything. One timer
/// for all deployments, armed for the nearest.
/// </summary>
internal sealed class DeadlineBoard : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _clock;
    private readonly Func<string, long, Task> _passed;
    private readonly Action<string, Exception> _failed;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long Beat, long Start, TimeSpan Limit)> _armed = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;
    private bool _disposed;

    /// <param name="passed">Called with the deployment and the beat it was armed for; a stale beat is its business.</param>
    /// <param name="failed">Told of an exception; the deadline is tried again after five seconds.</param>
    public DeadlineBoard(TimeProvider clock, Func<string, long, Task> passed, Action<string, Exception> failed)
    {
        _clock = clock;
        _passed = passed;
        _failed = failed;
        _timer = clock.CreateTimer(static board => ((DeadlineBoard)board!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Arm(string deploymentId, long beat, TimeSpan limit)
    {
        lock (_gate)
        {
            // What is put off leaves the timer: it finds nothing due and looks for the nearest then. An installer puts its deadline off with each line.
            var putOff = _armed.TryGetValue(deploymentId, out var armed) && armed.Limit - _clock.GetElapsedTime(armed.Start) <= limit;
            _armed[deploymentId] = (beat, _clock.GetTimestamp(), limit);
            if (!putOff)
            {
                Schedule();
            }
        }
    }

    public void Disarm(string deploymentId)
    {
        lock (_gate)
        {
            _armed.Remove(deploymentId);
        }
    }

    /// <summary>Ends when the deadlines that have passed were handled.</summary>
    public Task SettledAsync()
    {
        lock (_gate)
        {
            return _running;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_gate)
        {
            _disposed = true;
            _armed.Clear();
            running = _running;
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
    }

    private void Schedule()
    {
        if (_disposed || _armed.Count == 0)
        {
            return;
        }

        var nearest = _armed.Values.Min(a => a.Limit - _clock.GetElapsedTime(a.Start));
        _timer.Change(nearest < TimeSpan.Zero ? TimeSpan.Zero : nearest, Timeout.InfiniteTimeSpan);
    }

    private void Tick()
    {
        lock (_gate)
        {
            var due = _armed.Where(a => _clock.GetElapsedTime(a.Value.Start) >= a.Value.Limit).Select(a => (a.Key, a.Value.Beat)).ToList();
            foreach (var (id, _) in due)
            {
                _armed.Remove(id);
            }

            Schedule();
            if (due.Count > 0 && !_disposed)
            {
                var before = _running;
                _running = Task.Run(() => RunAsync(before, due));
            }
        }
    }

    private async Task RunAsync(Task before, List<(string Id, long Beat)> due)
    {
        await before.ConfigureAwait(false);
        foreach (var (id, beat) in due)
        {
            try
            {
                await _passed(id, beat).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever failed, the deadline must not be forgotten.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                _failed(id, failure);
                lock (_gate)
                {
                    if (!_disposed && _armed.TryAdd(id, (beat, _clock.GetTimestamp(), RetryAfter)))
                    {
                        Schedule();
                    }
                }
            }
        }
    }
}
