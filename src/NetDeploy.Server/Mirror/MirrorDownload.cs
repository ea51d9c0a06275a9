using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace NetDeploy.Server.Mirror;

/// <summary>What came of a request to the upstream, told as soon as its answer's head is there.</summary>
internal enum DownloadStart
{
    /// <summary>Bytes are arriving, and their number is known.</summary>
    Arriving,
    NotModified,
    NotFound,

    /// <summary>Nothing was fetched, as it could not be kept.</summary>
    NoRoom,
}

/// <summary>
/// One file on its way from the upstream, for all who asked for it meanwhile. They read what has arrived, but for the last bytes: those
/// are let go when length and digest agree, so nobody gets the whole of a wrong file. It ends early when nobody waits for it any more.
/// </summary>
internal sealed class MirrorDownload
{
    /// <summary>Kept back until the digest is known.</summary>
    public const int HeldBack = 64 * 1024;

    private const int Chunk = 128 * 1024;
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource<DownloadStart> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MirrorPart? _part;
    private long _available;
    private int _users = 1;
    private bool _running = true;
    private Action? _abandon;

    public MirrorDownload(MirrorOrder order)
    {
        Order = order;
        // Whoever waits sees the fault; where nobody does, it is in the log.
        _ = _whole.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _ = _started.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    public MirrorOrder Order { get; }

    /// <exception cref="MirrorFault">Of the task: nothing has arrived.</exception>
    public Task<DownloadStart> Started => _started.Task;

    /// <summary>Ends when the file is stored, or there is none to store.</summary>
    public Task Whole => _whole.Task;

    /// <summary>Valid once it is <see cref="DownloadStart.Arriving"/>.</summary>
    public long Length { get; private set; }

    public Validators Validators { get; private set; } = Validators.None;

    /// <summary>False: it has been given up, and a new one is needed.</summary>
    public bool TryJoin()
    {
        lock (_lock)
        {
            if (_users == 0)
            {
                return false;
            }

            _users++;
            return true;
        }
    }

    /// <summary>The last to leave ends it.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_users > 0)
            {
                return;
            }

            if (_running)
            {
                _abandon?.Invoke();
                return;
            }
        }

        _part?.Dispose();
    }

    /// <summary>Whoever waits for it gets a fault.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _abandon?.Invoke();
        }
    }

    /// <summary>Fetches and stores. What the upstream and the disk do wrong, those who wait are told; anything else is thrown, and the caller gives it up.</summary>
    public async Task RunAsync(MirrorUpstream upstream, MirrorStore store, MirrorCounters counters, Action<MirrorFault> failed)
    {
        using var abandoned = new CancellationTokenSource();
        lock (_lock)
        {
            _abandon = abandoned.Cancel;
            if (_users == 0)
            {
                abandoned.Cancel();
            }
        }

        try
        {
            var start = await FetchAsync(upstream, store, counters, abandoned.Token).ConfigureAwait(false);
            _started.TrySetResult(start);
            _whole.TrySetResult();
        }
        catch (Exception e) when (e is MirrorFault or IOException or HttpRequestException or OperationCanceledException or UnauthorizedAccessException)
        {
            var fault = e as MirrorFault ?? new MirrorFault(
                e is OperationCanceledException ? $"{Order.Path} was given up: nobody waits for it" : $"{Order.Path} broke off: {e.Message}",
                "Ask again; if it comes back, look after the server's disk and its way to the upstream.", inner: e);
            if (e is not OperationCanceledException)
            {
                failed(fault);
            }

            _started.TrySetException(fault);
            _whole.TrySetException(fault);
        }

        Ended();
    }

    /// <summary>It never started.</summary>
    public void GiveUp(MirrorFault fault)
    {
        _started.TrySetException(fault);
        _whole.TrySetException(fault);
        Ended();
    }

    /// <summary>How far one may read beyond <paramref name="position"/>.</summary>
    /// <exception cref="MirrorFault">It broke off, or its bytes are wrong.</exception>
    public async Task<long> AvailableAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_whole.Task.IsCompletedSuccessfully || _available > position)
                {
                    return _available;
                }

                more = _more.Task;
            }

            if (_whole.Task.IsFaulted)
            {
                await _whole.Task.ConfigureAwait(false);
            }

            await more.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public SafeFileHandle Handle => _part!.Handle;

    private async Task<DownloadStart> FetchAsync(MirrorUpstream upstream, MirrorStore store, MirrorCounters counters, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.GetTimestamp();
        using var reply = await upstream.FirstAsync(HttpMethod.Get, Order.Sources, Order.Known, cancellationToken).ConfigureAwait(false);
        if (reply.Status != UpstreamStatus.Found)
        {
            return reply.Status == UpstreamStatus.NotFound ? DownloadStart.NotFound : DownloadStart.NotModified;
        }

        var length = reply.Length;
        RefuseOtherLength(length);
        Validators = reply.Validators;
        _part = store.Begin(Order.Key, length, Order.Expected is not null);
        if (_part is null)
        {
            return DownloadStart.NoRoom;
        }

        if (length is { } known)
        {
            Length = known;
            _started.TrySetResult(DownloadStart.Arriving);
        }

        var body = await reply.Response!.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var buffer = new byte[Chunk];
            while (await UpstreamBody.ReadAsync(body, buffer, SilenceLimit, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                counters.Fetched(read);
                await _part.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                RefuseOtherLength(length ?? Order.Expected?.Length, _part.Written);
                Release(Math.Max(0, _part.Written - HeldBack));
            }
        }

        if (length is { } promised && _part.Written != promised)
        {
            throw Wrong($"{_part.Written} bytes came of {promised}");
        }

        RefuseOtherLength(_part.Written);
        var digest = _part.Digest();
        if (Order.Sha256 is { } expected && digest != expected)
        {
            throw Wrong($"its SHA-256 is {digest[..12]}…, not {expected[..12]}…");
        }

        Length = _part.Written;
        try
        {
            _part.Complete(digest, Validators, Order.Sha256 is not null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is whole and right, so who waits for it gets it.
            counters.NotKept(Order.Path.Text, e.Message);
        }

        counters.FetchedFile(Order.Path.Text, Length, Stopwatch.GetElapsedTime(clock));
        Release(Length);
        return DownloadStart.Arriving;
    }

    /// <summary>The file stays open for those who still read it.</summary>
    private void Ended()
    {
        bool last;
        lock (_lock)
        {
            _running = false;
            _abandon = null;
            last = _users == 0;
            _more.TrySetResult();
        }

        if (last)
        {
            _part?.Dispose();
        }
    }

    private void Release(long available)
    {
        TaskCompletionSource more;
        lock (_lock)
        {
            _available = available;
            (more, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        more.TrySetResult();
    }

    private void RefuseOtherLength(long? length)
    {
        if (length is { } bytes && Order.Expected is { } expected && bytes != expected.Length)
        {
            throw Wrong($"it has {bytes} bytes, not {expected.Length}");
        }
    }

    private void RefuseOtherLength(long? most, long written)
    {
        if (written > most)
        {
            throw Wrong($"it has more than {most} bytes");
        }
    }

    private MirrorFault Wrong(string how) => new(
        $"{Order.Path} is not the file that its index names: {how}",
        "The upstream is between two states, or damaged: ask again in some minutes, or name another upstream.");
}
