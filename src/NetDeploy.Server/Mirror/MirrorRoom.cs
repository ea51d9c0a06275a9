using System.Collections.Frozen;

namespace NetDeploy.Server.Mirror;

/// <summary>
/// Which files a mirror keeps, and what goes when their room is short: indexes come before packages, and leave them half the room.
/// Decides, and touches no disk: its lock is held for moments only, whatever the disk does. Safe from any thread.
/// </summary>
/// <param name="maxSize">Of all files, those on their way included.</param>
/// <param name="reserved">Stays free on the file system.</param>
internal sealed class MirrorRoom(long maxSize, long reserved)
{
    /// <summary>When something has to go, so much more goes with it, that not each file looks through all that is kept.</summary>
    private const int SlackDivisor = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, KeptFile> _kept = new(StringComparer.Ordinal);
    private FrozenSet<string> _inForce = FrozenSet<string>.Empty;
    private FrozenSet<string> _before = FrozenSet<string>.Empty;
    private long _total;

    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _total;
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _kept.Count;
            }
        }
    }

    /// <summary>Names what the suites are made of.</summary>
    /// <param name="inForce">Of the generations in force, and of those that are to come into force: the last to go.</param>
    /// <param name="before">Of the generation before that one: they go before it.</param>
    public void Pin(IEnumerable<string> inForce, IEnumerable<string> before)
    {
        var (now, earlier) = (inForce.ToFrozenSet(StringComparer.Ordinal), before.ToFrozenSet(StringComparer.Ordinal));
        lock (_lock)
        {
            (_inForce, _before) = (now, earlier);
        }
    }

    /// <summary>What is kept of the suites in force, and what all files may take: no more than the disk has, whatever the bound.</summary>
    public (long Indexes, long Bound) Share(long free)
    {
        lock (_lock)
        {
            return (_kept.Values.Where(k => _inForce.Contains(k.Entry.Key)).Sum(k => k.Entry.Length), BoundOf(free));
        }
    }

    public MirrorEntry? Find(string key)
    {
        lock (_lock)
        {
            return _kept.GetValueOrDefault(key)?.Entry;
        }
    }

    /// <summary>True while it is this one that is kept under its key.</summary>
    public bool Holds(KeptFile file)
    {
        lock (_lock)
        {
            return _kept.GetValueOrDefault(file.Entry.Key) == file;
        }
    }

    /// <summary>A file that is on the disk already.</summary>
    public void Add(MirrorEntry entry, DateTimeOffset used)
    {
        lock (_lock)
        {
            _kept[entry.Key] = new KeptFile(entry, used);
            _total += entry.Length;
        }
    }

    /// <summary>A file whose room was reserved; one that had its name has gone.</summary>
    public void Replace(KeptFile file)
    {
        lock (_lock)
        {
            if (_kept.Remove(file.Entry.Key, out var old))
            {
                _total -= old.Entry.Length;
            }

            _kept[file.Entry.Key] = file;
        }
    }

    /// <summary>The file, which nothing evicts until it is <see cref="Let"/> go.</summary>
    public KeptFile? Hold(string key)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(key, out var file))
            {
                file.Readers++;
            }

            return file;
        }
    }

    public void Let(KeptFile file)
    {
        lock (_lock)
        {
            file.Readers--;
        }
    }

    /// <summary>True where the disk should know of it.</summary>
    public bool Use(KeptFile file, DateTimeOffset now)
    {
        lock (_lock)
        {
            return file.Use(now);
        }
    }

    /// <summary>What its description says from now on; null where that is nothing new.</summary>
    public MirrorEntry? Confirm(string key)
    {
        lock (_lock)
        {
            return _kept.TryGetValue(key, out var file) && !file.Entry.Confirmed ? file.Entry = file.Entry with { Confirmed = true } : null;
        }
    }

    /// <returns>Whether it was there: the caller removes it from the disk then.</returns>
    public bool Remove(string key)
    {
        lock (_lock)
        {
            return _kept.TryGetValue(key, out var file) && Forget(file);
        }
    }

    /// <summary>As <see cref="Remove"/>, of this one and of none that came later under its name.</summary>
    public bool Remove(KeptFile file)
    {
        lock (_lock)
        {
            return _kept.GetValueOrDefault(file.Entry.Key) == file && Forget(file);
        }
    }

    /// <summary>All that no one reads just now; the caller removes it from the disk.</summary>
    public IReadOnlyList<MirrorEntry> RemoveUnread()
    {
        lock (_lock)
        {
            var unread = _kept.Values.Where(k => k.Readers == 0).ToList();
            unread.ForEach(k => Forget(k));
            return [.. unread.Select(k => k.Entry)];
        }
    }

    /// <summary>Takes room for a file that comes.</summary>
    /// <param name="free">Bytes that the file system has left now.</param>
    /// <param name="gone">What the caller has to remove from the disk, and then to ask again.</param>
    /// <returns>True: it is taken. False with nothing in <paramref name="gone"/>: there is none.</returns>
    public bool TryReserve(string key, long bytes, long free, out IReadOnlyList<MirrorEntry> gone)
    {
        gone = [];
        lock (_lock)
        {
            var bound = BoundOf(free);
            var lacking = _total + bytes - bound;
            if (lacking <= 0)
            {
                _total += bytes;
                return true;
            }

            // What is being served stays. Nothing goes for what does not fit even then.
            var idle = (_inForce.Contains(key) ? ForIndex() : ForPackage(bound / 2)).Where(k => k.Readers == 0).ToList();
            if (idle.Sum(k => k.Entry.Length) < lacking)
            {
                return false;
            }

            gone = First(idle, lacking + (bound / SlackDivisor));
            return false;
        }
    }

    /// <summary>Gives back room that was taken and not used.</summary>
    public void Release(long bytes)
    {
        lock (_lock)
        {
            _total -= bytes;
        }
    }

    /// <summary>Without what is in force, a suite could not be served: all else goes for it, packages first.</summary>
    private IEnumerable<KeptFile> ForIndex() =>
        _kept.Values.Where(k => !_inForce.Contains(k.Entry.Key)).OrderBy(k => _before.Contains(k.Entry.Key)).ThenBy(k => k.Used);

    /// <summary>The longest unused first, but for indexes up to <paramref name="share"/>: those in force have it first, then those that were used last.</summary>
    private IEnumerable<KeptFile> ForPackage(long share)
    {
        var stay = new HashSet<KeptFile>();
        foreach (var index in _kept.Values.Where(k => _inForce.Contains(k.Entry.Key) || _before.Contains(k.Entry.Key))
            .OrderByDescending(k => _inForce.Contains(k.Entry.Key)).ThenByDescending(k => k.Used))
        {
            share -= index.Entry.Length;
            if (share < 0)
            {
                break;
            }

            stay.Add(index);
        }

        return _kept.Values.Where(k => !stay.Contains(k)).OrderBy(k => k.Used);
    }

    private List<MirrorEntry> First(IEnumerable<KeptFile> idle, long lacking)
    {
        var gone = new List<MirrorEntry>();
        foreach (var file in idle)
        {
            if (lacking <= 0)
            {
                break;
            }

            lacking -= file.Entry.Length;
            gone.Add(file.Entry);
            Forget(file);
        }

        return gone;
    }

    private long BoundOf(long free) => Math.Min(maxSize, _total + free - reserved);

    private bool Forget(KeptFile file)
    {
        _total -= file.Entry.Length;
        return _kept.Remove(file.Entry.Key);
    }
}
