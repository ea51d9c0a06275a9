using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace NetDeploy.Server.Boot;

/// <summary>
/// How many connections one address may hold open, and how many all addresses that are no declared machine's. Firmware,
/// iPXE and the deploy environment hold a handful; without this, a neighbour that opens connections and says nothing, from one address or
/// from many, takes all that the listener has, and no machine boots.
/// </summary>
/// <param name="isDeclared">The address is leased to, or the static one of, a machine that has a document.</param>
internal sealed class ConnectionLimit(int perAddress, int ofStrangers, Func<IPAddress, bool> isDeclared)
{
    public const int PerAddress = 64;

    /// <summary>Half of what the listener takes: the rest is for declared machines.</summary>
    public const int OfStrangers = 2048;

    private readonly ConcurrentDictionary<IPAddress, int> _open = new();
    private int _strangers;

    /// <summary>A middleware of Kestrel's connections: more than the limit are closed at once.</summary>
    public ConnectionDelegate Apply(ConnectionDelegate next) => async connection =>
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        var stranger = !isDeclared(address);
        var open = _open.AddOrUpdate(address, 1, (_, count) => count + 1);
        var strangers = stranger ? Interlocked.Increment(ref _strangers) : 0;
        try
        {
            if (open > perAddress || strangers > ofStrangers)
            {
                connection.Abort();
                return;
            }

            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            if (stranger)
            {
                Interlocked.Decrement(ref _strangers);
            }

            _open.AddOrUpdate(address, 0, (_, count) => count - 1);
            // Only an entry that still says none goes: one that came meanwhile has counted itself.
            _open.TryRemove(new(address, 0));
        }
    };
}
