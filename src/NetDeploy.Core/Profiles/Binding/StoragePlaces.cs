using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Where the parts of a layout were written, by their paths. What a default made has the place of the whole.</summary>
internal sealed class StoragePlaces
{
    private readonly MapCursor _storage;
    private readonly Dictionary<string, MapCursor> _known = new(StringComparer.Ordinal);

    public StoragePlaces(MapCursor storage)
    {
        _storage = storage;
        Add(storage.Items("disks"), "partitions");
        Add(storage.Items("raid"), below: null);
        Add(storage.Items("volumeGroups"), "volumes");
    }

    public MapCursor this[StorageDevice device] => _known.GetValueOrDefault(device.Path, _storage);

    public MapCursor this[DiskSpec disk] => _known.GetValueOrDefault($"{_storage.Path}.disks[{disk.WrittenAs}]", _storage);

    public MapCursor Partition(DiskSpec disk, PartitionSpec partition) =>
        _known.GetValueOrDefault($"{_storage.Path}.disks[{disk.WrittenAs}].partitions[{partition.Name}]", this[disk]);

    public MapCursor this[VolumeGroupSpec group] => _known.GetValueOrDefault($"{_storage.Path}.volumeGroups[{group.Name}]", _storage);

    private void Add(IEnumerable<MapCursor> cursors, string? below)
    {
        foreach (var cursor in cursors)
        {
            _known.TryAdd(cursor.Path, cursor);
            if (below is not null)
            {
                Add(cursor.Items(below), below: null);
            }
        }
    }
}
