using System.Diagnostics.Metrics;

namespace NetDeploy.Server.Tftp;

/// <summary>What the engine counts, under the meter <c>NetDeploy.Tftp</c>. Written by the engine's thread alone, read by any.</summary>
internal sealed class TftpMetrics : IDisposable
{
    public const string MeterName = "NetDeploy.Tftp";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _transfers;
    private readonly Counter<long> _ignored;
    private readonly Histogram<double> _duration;
    private int _active;
    private int _waiting;
    private long _kernelDrops;

    public TftpMetrics()
    {
        _requests = _meter.CreateCounter<long>("netdeploy.tftp.requests", description: "Requests by what was decided about them.");
        _transfers = _meter.CreateCounter<long>("netdeploy.tftp.transfers", description: "Transfers by how they ended.");
        _ignored = _meter.CreateCounter<long>("netdeploy.tftp.ignored", description: "Datagrams that changed nothing, by reason.");
        _duration = _meter.CreateHistogram<double>("netdeploy.tftp.transfer.duration", "s", "Duration of completed transfers.");
        Sent = _meter.CreateCounter<long>("netdeploy.tftp.sent", "By", "Payload sent, repeats included.");
        Resent = _meter.CreateCounter<long>("netdeploy.tftp.resent", "{block}", "Blocks that went out again.");
        SendErrors = _meter.CreateCounter<long>("netdeploy.tftp.send.errors", description: "Datagrams that the kernel refused to send.");
        _meter.CreateObservableGauge("netdeploy.tftp.active", () => Volatile.Read(ref _active), description: "Transfers that hold a file.");
        _meter.CreateObservableGauge("netdeploy.tftp.waiting", () => Volatile.Read(ref _waiting), description: "Requests that wait for a place.");
        _meter.CreateObservableCounter("netdeploy.tftp.kernel.drops", () => Volatile.Read(ref _kernelDrops),
            description: "Datagrams that the kernel dropped before they were read.");
    }

    public Counter<long> Sent { get; }

    public Counter<long> Resent { get; }

    public Counter<long> SendErrors { get; }

    public void Request(string decision) => _requests.Add(1, new KeyValuePair<string, object?>("decision", decision));

    public void Ignored(string reason) => _ignored.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Ended(string outcome) => _transfers.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Completed(TimeSpan duration)
    {
        Ended("completed");
        _duration.Record(duration.TotalSeconds);
    }

    public void Load(int active, int waiting, long kernelDrops)
    {
        Volatile.Write(ref _active, active);
        Volatile.Write(ref _waiting, waiting);
        Volatile.Write(ref _kernelDrops, kernelDrops);
    }

    public void Dispose() => _meter.Dispose();
}
