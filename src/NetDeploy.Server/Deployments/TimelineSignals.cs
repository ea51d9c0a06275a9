using System.Collections.Concurrent;
using System.Threading.Channels;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// Wakes those who follow a timeline. A signal carries nothing and two make one, so that a slow reader holds no memory and
/// loses no entry: it reads them from the store.
/// </summary>
internal sealed class TimelineSignals
{
    private readonly ConcurrentDictionary<Subscription, string> _subscriptions = new();

    public Subscription Subscribe(string machineId)
    {
        var subscription = new Subscription(this);
        _subscriptions[subscription] = machineId;
        return subscription;
    }

    public void Raise(string machineId)
    {
        foreach (var (subscription, id) in _subscriptions)
        {
            if (id == machineId)
            {
                subscription.Signal();
            }
        }
    }

    internal sealed class Subscription(TimelineSignals owner) : IDisposable
    {
        private readonly Channel<byte> _channel = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public void Signal() => _channel.Writer.TryWrite(0);

        public ValueTask<byte> WaitAsync(CancellationToken cancellationToken) => _channel.Reader.ReadAsync(cancellationToken);

        public void Dispose() => owner._subscriptions.TryRemove(this, out _);
    }
}
