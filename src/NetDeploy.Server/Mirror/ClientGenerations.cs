using System.Net;

namespace NetDeploy.Server.Mirror;

/// <summary>
/// Which generation of a suite each client was given last: its indexes come from there, also after the suite has moved on. A client that
/// asks by hash needs no such memory; d-i and debootstrap ask by name. Bounded: where it is full, the oldest goes.
/// </summary>
internal sealed class ClientGenerations(TimeProvider clock)
{
    public const int Bound = 4096;

    /// <summary>An installer reads a Release at its start and indexes within minutes.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromMinutes(30);

    private readonly Dictionary<(IPAddress Client, string Suite), (string Generation, DateTimeOffset At)> _given = [];
    private readonly Lock _lock = new();

    public void Give(IPAddress client, string suite, string generation)
    {
        lock (_lock)
        {
            if (_given.Count >= Bound && !_given.ContainsKey((client, suite)))
            {
                _given.Remove(_given.MinBy(g => g.Value.At).Key);
            }

            _given[(client, suite)] = (generation, clock.GetUtcNow());
        }
    }

    public string? Of(IPAddress client, string suite)
    {
        lock (_lock)
        {
            return _given.TryGetValue((client, suite), out var given) && clock.GetUtcNow() - given.At < Remembered ? given.Generation : null;
        }
    }
}
