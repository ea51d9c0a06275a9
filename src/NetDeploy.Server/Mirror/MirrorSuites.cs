using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>
/// The suites of a mirror, each with the generations that can be served. A new Release comes into force only when every index that was
/// asked for before is there as it lists it; until then, and while the upstream fails, the last one is served.
/// </summary>
internal sealed class MirrorSuites(string mirror, MirrorFetcher fetcher, MirrorStore store, MirrorCounters counters, TimeProvider clock, ILogger logger)
{
    /// <summary>Of a suite: clients that got an older one go on with it.</summary>
    public const int Generations = 4;

    private const int MaximumSuites = 64;

    /// <summary>apt gives up after 30 s of silence: before that it gets the generation that is there.</summary>
    private static readonly TimeSpan RefreshWait = TimeSpan.FromSeconds(20);

    /// <summary>An upstream that sends a byte now and then does not keep a suite for ever at the generation that it has.</summary>
    private static readonly TimeSpan RefreshLimit = TimeSpan.FromMinutes(30);

    /// <summary>After a failure the upstream is left alone for so long, where there is a generation to serve.</summary>
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(10);

    private readonly ReleaseSource _source = new(fetcher, clock);
    private readonly SuiteRecords _records = new(mirror, store, logger);
    private readonly ClientGenerations _given = new(clock);
    private readonly Dictionary<string, Suite> _suites = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    public bool IsSuite(string name) => Find(name)?.Generations.IsEmpty == false;

    /// <summary>The generations of all suites, those in force first.</summary>
    public IReadOnlyList<(string Suite, SuiteGeneration Generation)> All
    {
        get
        {
            lock (_lock)
            {
                return [.. Enumerable.Range(0, Generations).SelectMany(n => _suites.Values.Where(s => s.Generations.Length > n).Select(s => (s.Name, s.Generations[n])))];
            }
        }
    }

    /// <summary>Why clients are refused the Release of a suite, where that is the operator's to mend; null: they get it.</summary>
    public (string Suite, MirrorFault Fault)? Stuck
    {
        get
        {
            lock (_lock)
            {
                foreach (var suite in _suites.Values)
                {
                    if (suite.Failed is { Fault: { LacksRoom: true } fault })
                    {
                        return (suite.Name, fault);
                    }
                }

                return null;
            }
        }
    }

    /// <summary>What the last process knew; what of it is damaged is fetched again.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, generations) in await _records.LoadAsync(cancellationToken).ConfigureAwait(false))
        {
            _suites[name] = new Suite(name) { Generations = generations };
        }

        PinFiles();
    }

    public void Clear()
    {
        lock (_lock)
        {
            _suites.Clear();
        }

        _records.Clear();
        PinFiles();
    }

    /// <summary>A form of the suite's Release, of the generation that the client is in from now on.</summary>
    /// <returns>Null: the upstream has none.</returns>
    /// <exception cref="MirrorFault">The upstream fails, and there is no generation yet; or there is no room for the one of now.</exception>
    public async Task<(ReleaseFile File, DateTimeOffset LastModified, bool FromCache)?> ReleaseAsync(string name, ReleaseForm form, IPAddress client, CancellationToken cancellationToken)
    {
        var suite = FindOrAdd(name);
        // The signature belongs to the text that this client was given before.
        var generation = form == ReleaseForm.Signature ? Given(suite, client) : null;
        var fresh = generation is null && await RefreshedAsync(suite, cancellationToken).ConfigureAwait(false);
        generation ??= suite.Generations.FirstOrDefault();
        if (generation is null)
        {
            return null;
        }

        if (!generation.Files.ContainsKey(form))
        {
            generation = await CompletedAsync(suite, generation, cancellationToken).ConfigureAwait(false);
        }

        if (!generation.Files.TryGetValue(form, out var file))
        {
            return null;
        }

        _given.Give(client, name, generation.Text.Generation);
        return (file, generation.LastModified, !fresh);
    }

    /// <summary>The generation that this client's names mean; null: the upstream has no such suite.</summary>
    /// <exception cref="MirrorFault">The upstream fails, and there is no generation yet.</exception>
    public async Task<SuiteGeneration?> GenerationAsync(string name, IPAddress client, CancellationToken cancellationToken)
    {
        var suite = FindOrAdd(name);
        if (suite.Generations.IsEmpty)
        {
            await RefreshedAsync(suite, cancellationToken).ConfigureAwait(false);
        }

        return Given(suite, client) ?? suite.Generations.FirstOrDefault();
    }

    /// <summary>The order for a file that a generation lists. By hash where the suite has that: there it is in every generation.</summary>
    public static MirrorOrder OrderOf(MirrorPath plain, SuiteGeneration generation, ListedFile file)
    {
        var folder = string.Join('/', plain.Segments[..^1]);
        ImmutableArray<MirrorPath> sources = generation.Text.AcquireByHash && MirrorPath.TryParse($"{folder}/by-hash/SHA256/{file.Sha256}", out var byHash, out _) ? [byHash, plain] : [plain];
        return new MirrorOrder(MirrorEntry.KeyOf(file.Sha256), sources, file, Validators.None);
    }

    private SuiteGeneration? Given(Suite suite, IPAddress client) =>
        _given.Of(client, suite.Name) is { } given ? suite.Generations.FirstOrDefault(g => g.Text.Generation == given) : null;

    private Suite? Find(string name)
    {
        lock (_lock)
        {
            return _suites.GetValueOrDefault(name);
        }
    }

    /// <summary>A suite that the upstream does not have is forgotten again, so that made-up names fill nothing.</summary>
    private Suite FindOrAdd(string name)
    {
        lock (_lock)
        {
            if (!_suites.TryGetValue(name, out var suite))
            {
                if (_suites.Count >= MaximumSuites && _suites.Values.FirstOrDefault(s => s.Generations.IsEmpty && s.Refreshing is null) is { } unused)
                {
                    _suites.Remove(unused.Name);
                }

                if (_suites.Count >= MaximumSuites)
                {
                    throw new MirrorFault($"the mirror holds {MaximumSuites} suites already", "Empty it: netdeploy mirror clear.", status: 503);
                }

                suite = _suites[name] = new Suite(name);
            }

            return suite;
        }
    }

    /// <summary>Asks the upstream, once for all who ask meanwhile. True where something new was fetched.</summary>
    /// <exception cref="MirrorFault">It fails, and there is no generation yet; or there is no room for the next: that would be the state of a day long past some time.</exception>
    private async Task<bool> RefreshedAsync(Suite suite, CancellationToken cancellationToken)
    {
        Task<bool> refreshing;
        lock (_lock)
        {
            if (suite.Failed is { } earlier && clock.GetUtcNow() - earlier.At < FailurePause && suite.Generations is [var current, ..])
            {
                if (earlier.Fault.LacksRoom)
                {
                    throw earlier.Fault;
                }

                counters.Stale($"dists/{suite.Name}", current.FirstSeen, earlier.Fault.Message);
                return false;
            }

            refreshing = suite.Refreshing ??= RefreshAsync(suite);
        }

        if (!suite.Generations.IsEmpty && await Task.WhenAny(refreshing, Task.Delay(RefreshWait, clock, cancellationToken)).ConfigureAwait(false) != refreshing)
        {
            cancellationToken.ThrowIfCancellationRequested();
            counters.Stale($"dists/{suite.Name}", suite.Generations[0].FirstSeen, "the next generation is still on its way");
            return false;
        }

        try
        {
            // Of a suite that may be made up, to the end, also where the client has gone: its turn lasts as long, so that it starts no more of them.
            return await (suite.Generations.IsEmpty ? refreshing : refreshing.WaitAsync(cancellationToken)).ConfigureAwait(false);
        }
        catch (MirrorFault e) when (!e.LacksRoom && suite.Generations is [var current, ..])
        {
            counters.Stale($"dists/{suite.Name}", current.FirstSeen, e.Message);
            return false;
        }
    }

    private async Task<bool> RefreshAsync(Suite suite)
    {
        await Task.Yield();
        using var limit = new CancellationTokenSource(RefreshLimit, clock);
        try
        {
            var current = suite.Generations.FirstOrDefault();
            var found = await _source.AskAsync(suite.Name, current, limit.Token).ConfigureAwait(false);
            suite.Failed = null;
            if (found is null || (current is not null && found.Files[found.Asked].Sha256 == current.Files.GetValueOrDefault(found.Asked)?.Sha256))
            {
                return false;
            }

            // Its indexes are kept as those in force are, and with them.
            suite.Next = found;
            PinFiles();
            if (current is not null && await MissingAsync(suite.Name, current, found, limit.Token).ConfigureAwait(false) is { } missing)
            {
                throw new MirrorFault(
                    $"its new Release lists {missing}, which the upstream does not have", "The upstream is between two states: ask again in some minutes.");
            }

            await ComeIntoForceAsync(suite, found).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is MirrorFault || (e is OperationCanceledException && limit.IsCancellationRequested))
        {
            var fault = e as MirrorFault ?? new MirrorFault(
                $"its Release and indexes did not come within {RefreshLimit.TotalMinutes:0} min", "Look after the server's way to the upstream, or name another one.", status: 504, inner: e);
            suite.Failed = new Failure(clock.GetUtcNow(), fault);
            MirrorLog.NotSwitched(logger, mirror, suite.Name, fault.Message);
            throw fault;
        }
        finally
        {
            var was = suite.Next;
            lock (_lock)
            {
                suite.Next = null;
                suite.Refreshing = null;
                if (suite.Generations.IsEmpty && _suites.GetValueOrDefault(suite.Name) == suite)
                {
                    _suites.Remove(suite.Name);
                }
            }

            if (was is not null)
            {
                PinFiles();
            }
        }
    }

    /// <summary>Fetches what the next generation lists under the names that were asked for in this one; the first name that cannot be had.</summary>
    private async Task<string?> MissingAsync(string suite, SuiteGeneration current, SuiteGeneration next, CancellationToken cancellationToken)
    {
        // All empty files are one, under many names: it tells nothing of who asked for which, and of some the upstream has none.
        var names = current.Text.Files.Where(f => f.Value.Length > 0 && store.Find(MirrorEntry.KeyOf(f.Value.Sha256)) is not null).Select(f => f.Key).ToList();
        foreach (var name in names)
        {
            // What is no path no client has asked for.
            if (next.Text.Files.TryGetValue(name, out var listed) && MirrorPath.TryParse($"dists/{suite}/{name}", out var path, out _)
                && !await fetcher.EnsureAsync(OrderOf(path, next, listed), cancellationToken).ConfigureAwait(false))
            {
                return name;
            }
        }

        return null;
    }

    private async Task ComeIntoForceAsync(Suite suite, SuiteGeneration generation)
    {
        lock (_lock)
        {
            // One that came back, as with an upstream of several hosts, keeps what was fetched of it.
            suite.Generations = [generation, .. suite.Generations.Where(g => g.Text.Generation != generation.Text.Generation).Take(Generations - 1)];
        }

        await _records.SaveAsync(suite.Name, suite.Generations).ConfigureAwait(false);
        MirrorLog.Switched(logger, mirror, suite.Name, generation.Text.Generation[..12]);
    }

    /// <summary>The generation with the text and signature of their own that it was not fetched with.</summary>
    /// <exception cref="MirrorFault">The upstream is at another generation already.</exception>
    private async Task<SuiteGeneration> CompletedAsync(Suite suite, SuiteGeneration generation, CancellationToken cancellationToken)
    {
        var completed = await _source.CompleteAsync(suite.Name, generation, cancellationToken).ConfigureAwait(false);
        if (completed == generation)
        {
            return generation;
        }

        lock (_lock)
        {
            suite.Generations = suite.Generations.Replace(generation, completed);
        }

        PinFiles();
        await _records.SaveAsync(suite.Name, suite.Generations).ConfigureAwait(false);
        return completed;
    }

    private void PinFiles()
    {
        lock (_lock)
        {
            store.Pin(
                _suites.Values.SelectMany(s => s.Generations.Take(1).Append(s.Next)).OfType<SuiteGeneration>().SelectMany(g => g.Keys),
                _suites.Values.SelectMany(s => s.Generations.Skip(1).Take(1)).SelectMany(g => g.Keys));
        }
    }

    private sealed class Suite(string name)
    {
        public string Name { get; } = name;

        public ImmutableArray<SuiteGeneration> Generations { get; set; } = [];

        /// <summary>On its way into force.</summary>
        public SuiteGeneration? Next { get; set; }

        public Task<bool>? Refreshing { get; set; }

        public Failure? Failed { get; set; }
    }

    private sealed record Failure(DateTimeOffset At, MirrorFault Fault);
}
