using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace NetDeploy.Server.Boot;

/// <summary>
/// How many connections one address may hold open. Firmware, iPXE and the deploy environment hold a handful; without this, one
/// neighbour that opens connections and says nothing takes all that the listener has, and no machine boots.
/// </summary>
internal sealed class ConnectionLimit(int perAddress)
{
    public const int PerAddress = 64;

    private readonly ConcurrentDictionary<IPAddress, int> _open = new();

    /// <summary>A middleware of Kestrel's connections: more than the limit are closed at once.</summary>
    public ConnectionDelegate Apply(ConnectionDelegate next) => async connection =>
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        var open = _open.AddOrUpdate(address, 1, (_, count) => count + 1);
        try
        {
            if (open > perAddress)
            {
                connection.Abort();
                return;
            }

            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            _open.AddOrUpdate(address, 0, (_, count) => count - 1);
            // Only an entry that still says none goes: one that came meanwhile has counted itself.
            _open.TryRemove(new(address, 0));
        }
    };
}
