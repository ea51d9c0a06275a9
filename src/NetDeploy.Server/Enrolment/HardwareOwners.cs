using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Enrolment;

/// <summary>Whose some hardware is, by what bindings, inventories and documents say: found without a walk over all machines. Immutable.</summary>
internal sealed class HardwareOwners
{
    private readonly MachineIndex _machines;
    private readonly Snapshot _documents;
    private readonly Dictionary<Guid, string> _byUuid = [];
    private readonly Dictionary<string, (string Name, bool HasUuid)> _bySerial = new(StringComparer.Ordinal);
    private readonly Dictionary<MacAddress, string> _documentByMac = [];

    public HardwareOwners(MachineIndex machines, Snapshot documents)
    {
        (_machines, _documents) = (machines, documents);
        foreach (var machine in machines.Machines)
        {
            Add(machine.Name, machine.Binding.Uuid ?? (Guid.TryParse(Observed(machine, "uuid"), out var seen) ? seen : null), machine.Binding.Serial ?? Observed(machine, "serial"));
        }

        foreach (var spec in documents.Machines.Values)
        {
            Add(spec.Name, spec.Binding.Uuid, spec.Binding.Serial);
            foreach (var mac in spec.Binding.Macs)
            {
                _documentByMac.TryAdd(mac, spec.Name);
            }
        }
    }

    public bool IsOf(MachineIndex machines, Snapshot documents) => _machines == machines && _documents == documents;

    /// <summary>The machine whose document names this NIC.</summary>
    public string? DocumentOf(MacAddress mac) => _documentByMac.GetValueOrDefault(mac);

    /// <summary>Junk ones are nobody's.</summary>
    public string? OfUuid(Guid? uuid) => uuid is { } known && !SmbiosUuid.IsJunk(known) ? _byUuid.GetValueOrDefault(SmbiosUuid.Canonical(known)) : null;

    /// <summary>
    /// The machine that this is another NIC of, and what says so. A serial number counts where one of the two has no UUID: the boards of one chassis share it.
    /// </summary>
    public (string Name, string Key)? Of(Newcomer newcomer)
    {
        if (OfUuid(newcomer.Uuid) is { } owner)
        {
            return (owner, "UUID");
        }

        var identity = HardwareIdentity.Of(newcomer.Uuid, newcomer.Smbios?.Serial);
        return identity?.Serial is { } serial && _bySerial.TryGetValue(serial, out var other) && !(other.HasUuid && identity.Uuid is not null) ? (other.Name, "serial number") : null;
    }

    private void Add(string name, Guid? uuid, string? serial)
    {
        if (HardwareIdentity.Of(uuid, serial) is not { } identity)
        {
            return;
        }

        if (identity.Uuid is { } known)
        {
            _byUuid.TryAdd(known, name);
        }

        // One without a UUID hides behind none that has one.
        if (identity.Serial is { } number && (!_bySerial.TryGetValue(number, out var other) || other.HasUuid))
        {
            _bySerial[number] = (name, identity.Uuid is not null || (other.Name == name && other.HasUuid));
        }
    }

    private static string? Observed(Machine machine, string key) =>
        machine.Observed is { } report && report.Inventory.TryGetValue(key, out var values) && values is [var first, ..] ? first : null;
}
