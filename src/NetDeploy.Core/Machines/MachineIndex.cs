using System.Collections.Immutable;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Machines;

/// <summary>An immutable snapshot of all machines, found by the keys of their bindings.</summary>
public sealed class MachineIndex
{
    private readonly Dictionary<string, Machine> _byId;
    private readonly Dictionary<string, Machine> _byName;
    private readonly ILookup<string, Machine> _bySlot;
    private readonly ILookup<Guid, Machine> _byUuid;
    private readonly ILookup<MacAddress, Machine> _byMac;

    public MachineIndex(IEnumerable<Machine> machines)
    {
        Machines = [.. machines.OrderBy(m => m.Name, StringComparer.Ordinal)];
        _byId = Machines.ToDictionary(m => m.Id, StringComparer.Ordinal);
        _byName = Machines.ToDictionary(m => m.Name, StringComparer.Ordinal);
        _bySlot = Machines.Where(m => m.Binding.Slot is not null).ToLookup(m => m.Binding.Slot!, StringComparer.Ordinal);
        _byUuid = Machines.Where(m => m.Binding.Uuid is { } uuid && !SmbiosUuid.IsJunk(uuid))
            .ToLookup(m => SmbiosUuid.Canonical(m.Binding.Uuid!.Value));
        _byMac = Machines.SelectMany(m => m.Binding.Macs.Distinct(), (m, mac) => (m, mac)).ToLookup(pair => pair.mac, pair => pair.m);
    }

    public static MachineIndex Empty { get; } = new([]);

    /// <summary>Ordered by name.</summary>
    public ImmutableArray<Machine> Machines { get; }

    public Machine? ById(string id) => _byId.GetValueOrDefault(id);

    public Machine? ByName(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The machines that are bound to this NIC.</summary>
    public IEnumerable<Machine> ByMac(MacAddress mac) => _byMac[mac];

    /// <summary>The machines that are bound to this slot.</summary>
    public IEnumerable<Machine> BySlot(string slot) => _bySlot[slot];

    /// <summary>
    /// The order is slot, UUID with a MAC, MAC. A UUID alone identifies nothing, since cloned guests and unwritten boards share
    /// one; it only confirms a MAC, or contradicts it.
    /// </summary>
    public MachineMatch Match(HardwareClues clues)
    {
        var bySlot = clues.Slot is { } slot ? [.. _bySlot[slot]] : ImmutableArray<Machine>.Empty;
        var byMac = clues.Mac is { IsZero: false, IsMulticast: false } mac ? [.. _byMac[mac]] : ImmutableArray<Machine>.Empty;
        var byUuid = clues.Uuid is { } uuid && !SmbiosUuid.IsJunk(uuid)
            ? [.. _byUuid[SmbiosUuid.Canonical(uuid)]]
            : ImmutableArray<Machine>.Empty;

        if (bySlot.Length > 1)
        {
            return Conflict(bySlot, $"slot {clues.Slot} is bound to");
        }

        if (byMac.Length > 1)
        {
            return Conflict(byMac, $"MAC {clues.Mac} is bound to");
        }

        var decided = bySlot.FirstOrDefault() ?? byMac.FirstOrDefault();
        if (decided is null)
        {
            return new MachineMatch.Unknown(byUuid.IsEmpty
                ? $"no machine has MAC {clues.Mac}"
                : $"the UUID belongs to {string.Join(", ", byUuid.Select(m => m.Name))}, but no machine has MAC {clues.Mac}");
        }

        if (byMac.Length == 1 && byMac[0].Id != decided.Id)
        {
            return Conflict([decided, byMac[0]], $"slot {clues.Slot} and MAC {clues.Mac} point to");
        }

        var confirmed = byUuid.Any(m => m.Id == decided.Id);
        if (!byUuid.IsEmpty && !confirmed)
        {
            return Conflict([decided, .. byUuid], $"{(bySlot.IsEmpty ? "MAC" : "slot")} and UUID {clues.Uuid} point to");
        }

        // The NIC that names it sits in other hardware, or somebody says it does. A slot alone stays the machine's, whatever is plugged in there.
        if (byMac.Length == 1 && !confirmed && clues.Uuid is { } other && !SmbiosUuid.IsJunk(other) && decided.Binding.Uuid is { } bound && !SmbiosUuid.IsJunk(bound))
        {
            return new MachineMatch.Conflict([decided.Name], $"MAC {clues.Mac} is that of {decided.Name}, and UUID {other} is not. Where that is its hardware now: netdeploy replace {decided.Name} --mac {clues.Mac} --uuid {other}");
        }

        return bySlot.IsEmpty
            ? new MachineMatch.Found(decided, IdentityStrength.Claimed, confirmed ? "uuid and mac" : "mac")
            : new MachineMatch.Found(decided, IdentityStrength.Wired, "slot");
    }

    /// <summary>Bindings that share a slot or a MAC: such machines are not deployed.</summary>
    public ImmutableArray<MachineMatch.Conflict> Conflicts() =>
    [
        .. _bySlot.Where(g => g.Count() > 1).Select(g => Conflict([.. g], $"slot {g.Key} is bound to")),
        .. _byMac.Where(g => g.Count() > 1).Select(g => Conflict([.. g], $"MAC {g.Key} is bound to")),
    ];

    private static MachineMatch.Conflict Conflict(ImmutableArray<Machine> machines, string what)
    {
        ImmutableArray<string> names = [.. machines.Select(m => m.Name).Distinct().Order(StringComparer.Ordinal)];
        return new MachineMatch.Conflict(names, $"{what} {string.Join(" and ", names)}");
    }
}
