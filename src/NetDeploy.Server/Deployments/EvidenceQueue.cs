using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// Evidence for timelines (DHCP, TFTP, HTTP reads) on its way to the store: written behind the answer, in batches. At most
/// 1024 wait; more are dropped and counted. Transitions never go this way.
/// </summary>
internal sealed class EvidenceQueue : IAsyncDisposable
{
    private const int Bound = 1024;
    private const int Batch = 64;

    private readonly Channel<TimelineDraft> _channel;
    private readonly Func<ImmutableArray<TimelineDraft>, Task> _write;
    private readonly ILogger _logger;
    private readonly Task _pump;
    private long _dropped;
    private long _pending;

    public EvidenceQueue(Func<ImmutableArray<TimelineDraft>, Task> write, ILogger logger)
    {
        _write = write;
        _logger = logger;
        _channel = Channel.CreateBounded<TimelineDraft>(new BoundedChannelOptions(Bound) { SingleReader = true });
        _pump = Task.Run(PumpAsync);
    }

    public void Add(TimelineDraft draft)
    {
        Interlocked.Increment(ref _pending);
        if (!_channel.Writer.TryWrite(draft))
        {
            Interlocked.Decrement(ref _pending);
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Waits until what was added before is written.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        for (var round = 0; Interlocked.Read(ref _pending) > 0; round++)
        {
            if (round < 100)
            {
                await Task.Yield();
            }
            else
            {
                await Task.Delay(1, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Writer.TryComplete();
        await _pump.ConfigureAwait(false);
    }

    private async Task PumpAsync()
    {
        while (await _channel.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var batch = ImmutableArray.CreateBuilder<TimelineDraft>();
            while (batch.Count < Batch && _channel.Reader.TryRead(out var draft))
            {
                batch.Add(draft);
            }

            try
            {
                await _write(batch.ToImmutable()).ConfigureAwait(false);
            }
            catch (StoreException failure)
            {
                DeploymentLog.EvidenceLost(_logger, batch.Count, failure.Message);
            }
            finally
            {
                Interlocked.Add(ref _pending, -batch.Count);
            }

            if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
            {
                DeploymentLog.EvidenceLost(_logger, dropped, "more came than the queue of 1024 takes");
            }
        }
    }
}
