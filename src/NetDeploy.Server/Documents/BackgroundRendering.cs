using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Server.Documents;

/// <summary>What rendering the machines of a revision came to.</summary>
/// <param name="Result">Null while it runs, or where it broke.</param>
/// <param name="LastGood">For machines that do not render: the revision whose recipe they keep; a machine that never rendered is not in it.</param>
/// <param name="Seconds">What it took.</param>
/// <param name="Fault">What it broke of; null where it did not.</param>
public sealed record RenderingState(long Revision, Rendering? Result, ImmutableSortedDictionary<string, long> LastGood, double Seconds, string? Fault = null)
{
    /// <summary>What an operator has to know: which machines cannot be granted now, or that nobody knows.</summary>
    public IEnumerable<string> Warnings =>
        Broken is { } broken ? [broken]
        : Result is { Failed.Count: > 0 and var failed }
            ? [$"{failed} of {Result.Machines} machines cannot be granted by revision {Revision} of the documents, such as {Result.Failed.Keys.Min(StringComparer.Ordinal)}: netdeploy show {Result.Failed.Keys.Min(StringComparer.Ordinal)} says what to mend."]
            : [];

    /// <summary>The fault with its remedy.</summary>
    public string? Broken => Fault is null ? null
        : $"Rendering the machines of revision {Revision} broke, so nobody knows which can be granted; each grant renders its own: {Fault} Mend that, or restart the server to have them rendered again; its log has the whole fault.";
}

/// <summary>
/// Renders the machines of the documents in force behind their back, one revision at a time: a newer one ends what runs. What no longer renders keeps the
/// recipe of the newest revision in which it did.
/// </summary>
/// <param name="alsoCheck">What the documents do not hold, as it is when a rendering begins.</param>
internal sealed class BackgroundRendering(DocumentStore documents, Func<Func<Recipe, ImmutableArray<Diagnostic>>> alsoCheck, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    /// <summary>
    /// The machines that had no recipe in any revision up to this one: each is looked for once, not with each apply. Kept by no file, since the next start may
    /// bring other shipped documents.
    /// </summary>
    private (long Through, ImmutableHashSet<string> Machines) _never = (0, []);
    private volatile RenderingState _state = new(0, null, ImmutableSortedDictionary<string, long>.Empty, 0);

    /// <summary>As of now; of an older revision where the newest is not done.</summary>
    public RenderingState State => _state;

    /// <summary>Renders what is in force, also where it was rendered before: the secrets may be others.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _stop.Cancel();
            _stop = new CancellationTokenSource();
            var (before, token) = (_running, _stop.Token);
            _running = Task.Run(async () =>
            {
                await before.ConfigureAwait(false);
                Run(token);
            });
        }
    }

    /// <summary>Waits until what is in force is rendered, and no longer than that long.</summary>
    public async Task<RenderingState> WaitAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Task running;
        lock (_gate)
        {
            running = _running;
        }

        try
        {
            await running.WaitAsync(patience, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What there is by then is the answer.
        }

        return _state;
    }

    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_gate)
        {
            _stop.Cancel();
            running = _running;
        }

        await running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Run(CancellationToken stop)
    {
        var state = documents.Current;
        var began = clock.GetTimestamp();
        try
        {
            var result = Rendering.Of(state.Snapshot, alsoCheck(), cancellationToken: stop);
            var lastGood = documents.Keep(LastGood(state, result, stop));
            _state = new(state.Revision, result, lastGood, clock.GetElapsedTime(began).TotalSeconds);
            DocumentLog.Rendered(logger, result.Machines, result.Shapes, state.Revision, _state.Seconds, result.Failed.Count);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // A newer revision is next.
        }
#pragma warning disable CA1031 // Nobody awaits this for its result: the fault is logged with its stack, and a grant renders its own machine whatever became of this.
        catch (Exception e)
#pragma warning restore CA1031
        {
            DocumentLog.RenderingBroke(logger, e, state.Revision);
            _state = new(state.Revision, null, documents.LastGood.Revisions, clock.GetElapsedTime(began).TotalSeconds, e.Message.TrimEnd('.') + ".");
        }
    }

    /// <summary>
    /// What is known stays. Else the older revisions are tried, newest first: so a server that was killed between an apply and its rendering knows as much
    /// as one that was not.
    /// </summary>
    private ImmutableSortedDictionary<string, long> LastGood(DesiredState state, Rendering result, CancellationToken stop)
    {
        var known = documents.LastGood.Revisions;
        var found = known.Where(k => result.Failed.ContainsKey(k.Key) && k.Value < state.Revision).ToImmutableSortedDictionary(StringComparer.Ordinal);
        var open = result.Failed.Keys.Where(m => !found.ContainsKey(m)).ToHashSet(StringComparer.Ordinal);
        foreach (var revision in documents.Revisions().Where(r => r < state.Revision))
        {
            var asked = revision <= _never.Through ? open.Except(_never.Machines).ToHashSet(StringComparer.Ordinal) : open;
            if (asked.Count == 0)
            {
                break;
            }

            if (documents.Compile(revision, stop) is not { } older)
            {
                continue;
            }

            var then = Rendering.Of(older, _ => [], asked, stop);
            var good = asked.Where(m => older.Machines.ContainsKey(m) && !then.Failed.ContainsKey(m)).ToList();
            found = found.AddRange(good.Select(m => KeyValuePair.Create(m, revision)));
            open.ExceptWith(good);
        }

        _never = (state.Revision, [.. open]);
        return found;
    }
}
