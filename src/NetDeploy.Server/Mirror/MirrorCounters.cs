using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Server.Mirror;

/// <summary>What one mirror did since the start; also under the meter <c>NetDeploy.Mirror</c>.</summary>
internal sealed class MirrorCounters(string mirror, ILogger logger)
{
    public const string MeterName = "NetDeploy.Mirror";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>("netdeploy.mirror.requests", description: "Requests by how they were answered.");
    private static readonly Counter<long> BytesServed = Meter.CreateCounter<long>("netdeploy.mirror.served", "By", "Bytes sent to clients.");
    private static readonly Counter<long> BytesFetched = Meter.CreateCounter<long>("netdeploy.mirror.fetched", "By", "Bytes that came from the upstream.");

    private readonly KeyValuePair<string, object?> _mirror = new("mirror", mirror);
    private long _hits;
    private long _misses;
    private long _stale;
    private long _failures;
    private long _unkept;
    private long _served;
    private long _fetched;

    public long Hits => Interlocked.Read(ref _hits);

    public long Misses => Interlocked.Read(ref _misses);

    public long StaleAnswers => Interlocked.Read(ref _stale);

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Answers that passed through, as there was no room to keep them.</summary>
    public long Unkept => Interlocked.Read(ref _unkept);

    public long Served => Interlocked.Read(ref _served);

    public long FetchedBytes => Interlocked.Read(ref _fetched);

    /// <summary>From the disk, also where the upstream was asked whether it changed.</summary>
    public void Hit() => Count(ref _hits, "hit");

    public void Miss() => Count(ref _misses, "miss");

    public void Stale(string path, DateTimeOffset since, string reason)
    {
        Count(ref _stale, "stale");
        MirrorLog.Stale(logger, mirror, path, since.ToString("u", System.Globalization.CultureInfo.InvariantCulture), reason);
    }

    public void PassedThrough(string path)
    {
        Interlocked.Increment(ref _unkept);
        MirrorLog.PassedThrough(logger, mirror, path);
    }

    public void NotKept(string path, string reason)
    {
        Interlocked.Increment(ref _unkept);
        MirrorLog.NotKept(logger, mirror, path, reason);
    }

    public void Failed(string path, MirrorFault fault)
    {
        Count(ref _failures, "failed");
        MirrorLog.Failed(logger, mirror, path, fault.Message);
    }

    /// <summary>Through no fault of the upstream or the disk.</summary>
    public void Broken(string path, Exception exception)
    {
        Count(ref _failures, "failed");
        MirrorLog.Broken(logger, exception, mirror, path);
    }

    public void Sent(long bytes)
    {
        Interlocked.Add(ref _served, bytes);
        BytesServed.Add(bytes, _mirror);
    }

    public void Fetched(long bytes)
    {
        Interlocked.Add(ref _fetched, bytes);
        BytesFetched.Add(bytes, _mirror);
    }

    public void FetchedFile(string path, long bytes, TimeSpan duration) => MirrorLog.Fetched(logger, mirror, path, bytes, (long)duration.TotalMilliseconds);

    private void Count(ref long counter, string outcome)
    {
        Interlocked.Increment(ref counter);
        Requests.Add(1, _mirror, new KeyValuePair<string, object?>("outcome", outcome));
    }
}
