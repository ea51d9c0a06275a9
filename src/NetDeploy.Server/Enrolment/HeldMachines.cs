using System.Collections.Immutable;
using NetDeploy.Core.Deployments;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Enrolment;

/// <summary>A machine that waits in the deploy environment.</summary>
/// <param name="Inventory">As its report had it, cut; empty before it came.</param>
internal sealed record HeldMachine(MacAddress Mac, DateTimeOffset Since, DateTimeOffset Heard, ImmutableArray<KeyValuePair<string, string>> Inventory)
{
    public string? First(string key) => Inventory.Where(p => p.Key == key).Select(p => p.Value).FirstOrDefault(v => v.Length > 0);
}

/// <summary>
/// Who waits, in memory: a machine that waits asks every few seconds, and tells its inventory again to a server that has forgotten it. At most
/// <see cref="Bound"/>; the one heard longest ago goes first.
/// </summary>
internal sealed class HeldMachines(TimeProvider clock)
{
    public const int Bound = 256;
    private const int MaxLines = 128;
    private const int MaxValue = 200;

    /// <summary>One that was not heard for so long was switched off.</summary>
    private static readonly TimeSpan Presence = TimeSpan.FromMinutes(2);

    private readonly Dictionary<MacAddress, HeldMachine> _held = [];
    private readonly Lock _gate = new();

    /// <summary>It was given the script, or asked.</summary>
    public HeldMachine Hear(MacAddress mac) => Change(mac, held => held);

    /// <summary>Its inventory: at most 128 lines of 200 characters.</summary>
    public HeldMachine Tell(MacAddress mac, IEnumerable<KeyValuePair<string, string>> inventory) => Change(mac, held => held with
    {
        Inventory = [.. inventory.Take(MaxLines).Select(p => KeyValuePair.Create(TimelineNote.Clean(p.Key, 64), TimelineNote.Clean(p.Value, MaxValue)))],
    });

    /// <summary>Null where it does not wait any more.</summary>
    public HeldMachine? Find(MacAddress mac)
    {
        lock (_gate)
        {
            return _held.GetValueOrDefault(mac) is { } held && clock.GetUtcNow() - held.Heard < Presence ? held : null;
        }
    }

    /// <summary>It was sent on.</summary>
    public void Leave(MacAddress mac)
    {
        lock (_gate)
        {
            _held.Remove(mac);
        }
    }

    private HeldMachine Change(MacAddress mac, Func<HeldMachine, HeldMachine> change)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            if (!_held.TryGetValue(mac, out var held))
            {
                if (_held.Count >= Bound)
                {
                    _held.Remove(_held.MinBy(h => h.Value.Heard).Key);
                }

                held = new HeldMachine(mac, now, now, []);
            }

            return _held[mac] = change(held) with { Heard = now };
        }
    }
}
