using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>One upstream's files, from the disk where they are there and right, else from the upstream.</summary>
internal sealed class CachedMirror : IAsyncDisposable
{
    private readonly MirrorUpstream _upstream;
    private readonly MirrorStore _store;
    private readonly MirrorFetcher _fetcher;
    private readonly MirrorSuites _suites;
    private readonly MirrorIndexes _indexes;
    private readonly ILogger _logger;
    private readonly string _folder;

    /// <param name="folder">Of this mirror alone.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public CachedMirror(MirrorConfig config, string folder, TimeProvider clock, ILogger logger, long reserved = MirrorStore.ReservedBytes)
    {
        Config = config;
        _logger = logger;
        _folder = folder;
        Counters = new MirrorCounters(config.Name, logger);
        _store = MirrorStore.Open(folder, config.Upstream.AbsoluteUri, config.MaxSize, clock, logger, reserved);
        _upstream = new MirrorUpstream(config);
        _fetcher = new MirrorFetcher(_upstream, _store, Counters);
        _suites = new MirrorSuites(config.Name, _fetcher, _store, Counters, clock, logger);
        _indexes = new MirrorIndexes(config.Name, _suites, _store, clock, logger);
        Ready = ReadyAsync();
    }

    public MirrorConfig Config { get; }

    public MirrorCounters Counters { get; }

    /// <summary>Ends when what the last process left is known, or cannot be: see <see cref="Fault"/>. Never fails.</summary>
    public Task Ready { get; }

    /// <summary>Why nothing of this mirror can be served until a restart.</summary>
    public MirrorFault? Fault { get; private set; }

    /// <summary>What it lacks room for, and the remedy; null: it has enough.</summary>
    public MirrorFault? Shortage
    {
        get
        {
            if (Fault is not null)
            {
                return null;
            }

            if (_suites.Stuck is var (suite, fault))
            {
                return new MirrorFault($"mirror {Config.Name} refuses suite {suite} to clients: {fault.Message}", fault.Remedy, fault.Status);
            }

            long indexes, bound;
            try
            {
                (indexes, bound) = _store.Share();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new MirrorFault($"mirror {Config.Name} keeps nothing: {e.Message}", $"Look after {_folder} and its disk, and restart the server.", inner: e);
            }

            return bound <= 0 ? MirrorFault.NoRoom($"mirror {Config.Name} keeps nothing: the disk of {_folder} is full")
                : indexes > bound / 2 ? MirrorFault.NoRoom($"mirror {Config.Name} has room for {bound >> 20} MiB, and its suites' indexes alone take {indexes >> 20}: packages get half of the room, and some indexes are fetched again and again")
                : null;
        }
    }

    public long Bytes => _store.Bytes;

    public int Files => _store.Count;

    /// <param name="head">Nothing is fetched that is not here already, but what tells a suite's state.</param>
    /// <exception cref="MirrorFault">The client cannot have it now.</exception>
    public async Task<MirrorAnswer> GetAsync(MirrorPath path, IPAddress client, bool head, CancellationToken cancellationToken)
    {
        await UsableAsync(cancellationToken).ConfigureAwait(false);
        switch (MirrorFile.Of(path, _suites.IsSuite))
        {
            case MirrorFile.Pooled:
                return await ImmutableAsync(MirrorOrder.Of(path.Text, path, null), head, cancellationToken).ConfigureAwait(false);
            case MirrorFile.ByHash hash:
                return await ImmutableAsync(
                    MirrorOrder.Of(MirrorEntry.KeyOf(hash.Sha256), path, null) with { Digest = hash.Sha256 }, head, cancellationToken).ConfigureAwait(false);
            case MirrorFile.WeakHash weak:
                return new MirrorAnswer.Missing($"files are not served by {weak.Algorithm}: ask by SHA256, or by name");
            case MirrorFile.ReleaseOf release:
                return await ReleaseAsync(release, client, path, cancellationToken).ConfigureAwait(false);
            case MirrorFile.OfSuite part when await _suites.GenerationAsync(part.Suite, client, cancellationToken).ConfigureAwait(false) is { } generation
                && generation.Text.Files.TryGetValue(part.Name, out var listed):
                return await ImmutableAsync(MirrorSuites.OrderOf(path, generation, listed), head, cancellationToken).ConfigureAwait(false);
            default:
                return await RevalidatedAsync(path, head, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Empties the cache; returns how many bytes went.</summary>
    /// <exception cref="MirrorFault">It cannot be used at all.</exception>
    public async Task<long> ClearAsync(CancellationToken cancellationToken)
    {
        await UsableAsync(cancellationToken).ConfigureAwait(false);
        _suites.Clear();
        return await _store.ClearAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Call when no client is left.</summary>
    public async ValueTask DisposeAsync()
    {
        await _fetcher.DisposeAsync().ConfigureAwait(false);
        _upstream.Dispose();
        _store.Dispose();
    }

    /// <summary>A part that is damaged has been dropped by those who read it; what comes here concerns the whole folder.</summary>
    private async Task ReadyAsync()
    {
        try
        {
            await _store.Loaded.ConfigureAwait(false);
            await _suites.LoadAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fault = new MirrorFault(
                $"the cache of mirror {Config.Name} in {_folder} cannot be read: {e.Message}",
                $"Make {_folder} readable and writable for the server, or remove it, and restart the server: what was in it is fetched again.", status: 503, inner: e);
            MirrorLog.Unusable(_logger, e, Config.Name, _folder);
        }
    }

    private async Task UsableAsync(CancellationToken cancellationToken)
    {
        await Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (Fault is { } fault)
        {
            throw new MirrorFault(fault.Message, fault.Remedy, fault.Status, fault);
        }
    }

    private async Task<MirrorAnswer> ReleaseAsync(MirrorFile.ReleaseOf release, IPAddress client, MirrorPath path, CancellationToken cancellationToken)
    {
        if (await _suites.ReleaseAsync(release.Suite, release.Form, client, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            return new MirrorAnswer.Missing($"the upstream has no {path}");
        }

        Count(found.FromCache);
        return new MirrorAnswer.Content(new MirrorBody.InMemory(found.File.Content), found.File.Sha256, found.LastModified, Immutable: false);
    }

    private async Task<MirrorAnswer> ImmutableAsync(MirrorOrder order, bool head, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await StoredAsync(order, cancellationToken).ConfigureAwait(false) is { } stored)
            {
                Count(hit: true);
                return Of(stored, immutable: true);
            }

            if (head)
            {
                return await HeadAsync(order, cancellationToken).ConfigureAwait(false);
            }

            if (order.Expected is null && order.Digest is null)
            {
                order = order with { Expected = await _indexes.FindAsync(order.Path.Text, cancellationToken).ConfigureAwait(false) };
            }

            // Null: another client's download ended between the two looks.
            if (_fetcher.Join(order) is { } download)
            {
                return await FetchedAsync(order, download, immutable: true, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What is here, unless an index that came later names another digest for it.</summary>
    private async Task<StoredFile?> StoredAsync(MirrorOrder order, CancellationToken cancellationToken)
    {
        var stored = await _store.OpenAsync(order.Key, cancellationToken).ConfigureAwait(false);
        if (stored is null or { Entry.Confirmed: true })
        {
            return stored;
        }

        try
        {
            var named = order.Expected ?? await _indexes.FindAsync(order.Path.Text, cancellationToken).ConfigureAwait(false);
            if (named is null || named.Value.Sha256 == stored.Entry.Sha256)
            {
                if (named is not null)
                {
                    _store.Confirm(order.Key);
                }

                var kept = stored;
                stored = null;
                return kept;
            }

            MirrorLog.Damaged(_logger, order.Key, "an index names another digest");
            _store.Drop(order.Key);
            return null;
        }
        finally
        {
            stored?.Dispose();
        }
    }

    private async Task<MirrorAnswer> RevalidatedAsync(MirrorPath path, bool head, CancellationToken cancellationToken)
    {
        var known = _store.Find(path.Text);
        var order = MirrorOrder.Of(path.Text, path, null) with { Known = known?.Validators ?? Validators.None };
        if (head && known is null)
        {
            return await HeadAsync(order, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await FetchedAsync(order, _fetcher.Join(order, anew: true)!, immutable: false, cancellationToken).ConfigureAwait(false);
        }
        catch (MirrorFault fault) when (known is not null)
        {
            if (await _store.OpenAsync(path.Text, cancellationToken).ConfigureAwait(false) is not { } stored)
            {
                throw;
            }

            Counters.Stale(path.Text, DateTimeOffset.FromUnixTimeMilliseconds(stored.Entry.StoredAt), fault.Message);
            return Of(stored, immutable: false);
        }
    }

    private async Task<MirrorAnswer> FetchedAsync(MirrorOrder order, MirrorDownload download, bool immutable, CancellationToken cancellationToken)
    {
        var leave = true;
        try
        {
            switch (await download.Started.WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                case DownloadStart.Arriving:
                    leave = false;
                    Count(hit: false);
                    return new MirrorAnswer.Content(new MirrorBody.Arriving(download), order.Sha256, download.Validators.LastModified, immutable);
                case DownloadStart.NotFound:
                    return new MirrorAnswer.Missing($"the upstream has no {order.Path}");
                case DownloadStart.NotModified when await _store.OpenAsync(order.Key, cancellationToken).ConfigureAwait(false) is { } stored:
                    Count(hit: true);
                    return Of(stored, immutable);
                case DownloadStart.NotModified:
                    throw new MirrorFault($"{order.Path} was damaged on the disk", "Ask again: it is fetched anew.", status: 503);
                default:
                    return await PassedAsync(order, immutable, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (leave)
            {
                download.Leave();
            }
        }
    }

    private async Task<MirrorAnswer> PassedAsync(MirrorOrder order, bool immutable, CancellationToken cancellationToken)
    {
        Counters.PassedThrough(order.Path.Text);
        var (reply, slot) = await _fetcher.PassAsync(order, cancellationToken).ConfigureAwait(false);
        if (reply.Status != UpstreamStatus.Found)
        {
            slot.Dispose();
            return new MirrorAnswer.Missing($"the upstream has no {order.Path}");
        }

        Count(hit: false);
        return new MirrorAnswer.Content(
            new MirrorBody.Passing(reply, slot, order.Path, order.Sha256, Counters), order.Sha256, reply.Validators.LastModified, immutable);
    }

    private async Task<MirrorAnswer> HeadAsync(MirrorOrder order, CancellationToken cancellationToken)
    {
        var (status, length) = await _fetcher.HeadAsync(order, cancellationToken).ConfigureAwait(false);
        return status == UpstreamStatus.Found ? new MirrorAnswer.HeadOnly(length) : new MirrorAnswer.Missing($"the upstream has no {order.Path}");
    }

    private static MirrorAnswer.Content Of(StoredFile stored, bool immutable) => new(
        new MirrorBody.Stored(stored),
        stored.Entry.Sha256,
        stored.Entry.Validators.LastModified ?? DateTimeOffset.FromUnixTimeMilliseconds(stored.Entry.StoredAt),
        immutable);

    private void Count(bool hit)
    {
        if (hit)
        {
            Counters.Hit();
        }
        else
        {
            Counters.Miss();
        }
    }
}
