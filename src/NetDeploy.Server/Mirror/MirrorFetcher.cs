using Microsoft.AspNetCore.Http;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>All traffic with the upstream: one download for each file at a time, and so many at once.</summary>
internal sealed class MirrorFetcher(MirrorUpstream upstream, MirrorStore store, MirrorCounters counters) : IAsyncDisposable
{
    /// <summary>A Release, read whole into memory.</summary>
    internal sealed record SmallFile(UpstreamStatus Status, byte[] Content, Validators Validators);

    private static readonly TimeSpan SlotLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, MirrorDownload> _underWay = new(StringComparer.Ordinal);
    private readonly Dictionary<MirrorDownload, Task> _runs = [];
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _slots = new(MirrorUpstream.Connections);

    /// <summary>The download of this file that is under way, or a new one; the caller leaves it in the end. Null: it has been stored meanwhile.</summary>
    /// <param name="anew">What is stored does not count: the upstream is asked whether it changed.</param>
    public MirrorDownload? Join(MirrorOrder order, bool anew = false)
    {
        lock (_lock)
        {
            if (_underWay.TryGetValue(order.Key, out var running) && running.TryJoin())
            {
                return running;
            }

            if (!anew && store.Find(order.Key) is not null)
            {
                return null;
            }

            var download = new MirrorDownload(order);
            _underWay[order.Key] = download;
            _runs[download] = RunAsync(download);
            return download;
        }
    }

    /// <summary>Returns when the file is stored; false where the upstream has none.</summary>
    /// <exception cref="MirrorFault">It cannot be fetched, or there is no room for it.</exception>
    public async Task<bool> EnsureAsync(MirrorOrder order, CancellationToken cancellationToken)
    {
        if (Join(order) is not { } download)
        {
            return true;
        }

        try
        {
            await download.Whole.WaitAsync(cancellationToken).ConfigureAwait(false);
            return await download.Started.ConfigureAwait(false) switch
            {
                DownloadStart.Arriving when store.Find(order.Key) is not null => true,
                DownloadStart.Arriving => throw new MirrorFault(
                    $"{order.Sources[^1]} was fetched and cannot be kept", "Look after the mirror's folder and its disk; the server's log has the reason.", StatusCodes.Status507InsufficientStorage),
                DownloadStart.NoRoom => throw MirrorFault.NoRoom($"there is no room for {order.Sources[^1]}"),
                _ => false,
            };
        }
        finally
        {
            download.Leave();
        }
    }

    /// <exception cref="MirrorFault">It cannot be fetched, or is no small file.</exception>
    public async Task<SmallFile> ReadAsync(MirrorPath path, Validators known, CancellationToken cancellationToken)
    {
        using var slot = await SlotAsync(cancellationToken).ConfigureAwait(false);
        using var reply = await upstream.SendAsync(HttpMethod.Get, path, known, cancellationToken).ConfigureAwait(false);
        if (reply.Response is not { } response)
        {
            return new SmallFile(reply.Status, [], Validators.None);
        }

        try
        {
            using var content = new MemoryStream();
            var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var buffer = new byte[64 * 1024];
            while (await UpstreamBody.ReadAsync(body, buffer, SilenceLimit, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                counters.Fetched(read);
                content.Write(buffer, 0, read);
                if (content.Length > ReleaseText.MaximumBytes)
                {
                    throw new MirrorFault($"{path} has more than {ReleaseText.MaximumBytes} bytes", "That is no Release: look what the upstream serves there.");
                }
            }

            return new SmallFile(UpstreamStatus.Found, content.ToArray(), reply.Validators);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new MirrorFault($"{path} broke off: {e.Message}", "Ask again; if it comes back, look after the server's way to the upstream.", inner: e);
        }
    }

    /// <summary>The head alone.</summary>
    public async Task<(UpstreamStatus Status, long? Length)> HeadAsync(MirrorOrder order, CancellationToken cancellationToken)
    {
        using var slot = await SlotAsync(cancellationToken).ConfigureAwait(false);
        using var reply = await upstream.FirstAsync(HttpMethod.Head, order.Sources, Validators.None, cancellationToken).ConfigureAwait(false);
        return (reply.Status, reply.Length);
    }

    /// <summary>An answer of the upstream for one client, which nothing is kept of; the slot goes with it.</summary>
    public async Task<(UpstreamReply Reply, IDisposable Slot)> PassAsync(MirrorOrder order, CancellationToken cancellationToken)
    {
        var slot = await SlotAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (await upstream.FirstAsync(HttpMethod.Get, order.Sources, Validators.None, cancellationToken).ConfigureAwait(false), slot);
        }
        catch
        {
            slot.Dispose();
            throw;
        }
    }

    /// <summary>Ends what is under way; call it when no client is left.</summary>
    public async ValueTask DisposeAsync()
    {
        List<KeyValuePair<MirrorDownload, Task>> runs;
        lock (_lock)
        {
            runs = [.. _runs];
        }

        foreach (var (download, run) in runs)
        {
            download.Abandon();
            await run.ConfigureAwait(false);
        }

        _slots.Dispose();
    }

    private async Task RunAsync(MirrorDownload download)
    {
        // Off the caller's stack, and out of the lock it holds.
        await Task.Yield();
        IDisposable? slot = null;
        try
        {
            slot = await SlotAsync(CancellationToken.None).ConfigureAwait(false);
            await download.RunAsync(upstream, store, counters, fault => counters.Failed(download.Order.Path.Text, fault)).ConfigureAwait(false);
        }
        catch (MirrorFault fault)
        {
            download.GiveUp(fault);
        }
        catch (Exception e)
        {
            // Nobody awaits this run: who waits for the file would do so for ever.
            var fault = new MirrorFault(
                $"{download.Order.Path} failed within the server: {e.Message}", "Ask again; if it comes back, report it with what the server logged: that is an error in NetDeploy.", status: 500, inner: e);
            counters.Broken(download.Order.Path.Text, e);
            download.GiveUp(fault);
        }
        finally
        {
            slot?.Dispose();
            lock (_lock)
            {
                _runs.Remove(download);
                if (_underWay.GetValueOrDefault(download.Order.Key) == download)
                {
                    _underWay.Remove(download.Order.Key);
                }
            }
        }
    }

    private async Task<IDisposable> SlotAsync(CancellationToken cancellationToken)
    {
        if (!await _slots.WaitAsync(SlotLimit, cancellationToken).ConfigureAwait(false))
        {
            throw new MirrorFault("all connections to the upstream are taken", "Ask again in a minute.", status: 503);
        }

        return new Slot(_slots);
    }

    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}
