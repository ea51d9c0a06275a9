using System.Net;

namespace NetDeploy.Server.Mirror;

/// <summary>So many requests of one client are served at a time, and some more wait: none takes all connections to an upstream.</summary>
internal sealed class ClientTurns
{
    /// <summary>A quarter of the connections; apt and d-i have one or two requests.</summary>
    public const int AtOnce = MirrorUpstream.Connections / 4;

    /// <summary>Those that wait included.</summary>
    public const int PerClient = 16;

    private readonly Dictionary<IPAddress, Client> _clients = [];
    private readonly Lock _lock = new();

    /// <summary>Returns when it is this request's turn; null: the client asks for too much. Whoever has a turn disposes it.</summary>
    public async Task<IDisposable?> TakeAsync(IPAddress address, CancellationToken cancellationToken)
    {
        Client client;
        lock (_lock)
        {
            if (!_clients.TryGetValue(address, out client!))
            {
                client = _clients[address] = new Client();
            }

            if (client.Asking == PerClient)
            {
                return null;
            }

            client.Asking++;
        }

        try
        {
            await client.Free.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Leave(address, client);
            throw;
        }

        return new Turn(this, address, client);
    }

    private void Leave(IPAddress address, Client client)
    {
        lock (_lock)
        {
            if (--client.Asking == 0)
            {
                _clients.Remove(address);
                client.Free.Dispose();
            }
        }
    }

    private sealed class Client
    {
        public int Asking { get; set; }

        public SemaphoreSlim Free { get; } = new(AtOnce);
    }

    private sealed class Turn(ClientTurns turns, IPAddress address, Client client) : IDisposable
    {
        public void Dispose()
        {
            client.Free.Release();
            turns.Leave(address, client);
        }
    }
}
