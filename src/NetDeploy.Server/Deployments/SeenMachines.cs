using System.Collections.Immutable;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Deployments;

/// <summary>Machines that asked and that nobody declared. At most 1024; the one seen longest ago is forgotten.</summary>
public sealed class SeenMachines(TimeProvider clock)
{
    public const int Bound = 1024;

    private readonly Dictionary<MacAddress, SeenMachine> _seen = [];
    private readonly Lock _gate = new();

    public void Saw(MacAddress mac, Guid? uuid, string? architecture, string reason)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            if (_seen.TryGetValue(mac, out var known))
            {
                _seen[mac] = known with
                {
                    Uuid = uuid ?? known.Uuid,
                    Architecture = architecture ?? known.Architecture,
                    Reason = reason,
                    LastSeen = now,
                    Times = known.Times + 1,
                };
                return;
            }

            if (_seen.Count >= Bound)
            {
                _seen.Remove(_seen.MinBy(s => s.Value.LastSeen).Key);
            }

            _seen[mac] = new SeenMachine(mac, uuid, architecture, reason, now, now, 1);
        }
    }

    /// <summary>Last seen first.</summary>
    public ImmutableArray<SeenMachine> List()
    {
        lock (_gate)
        {
            return [.. _seen.Values.OrderByDescending(s => s.LastSeen)];
        }
    }
}
