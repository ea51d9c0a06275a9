using System.Collections.Frozen;

namespace NetDeploy.Server.Mirror;

/// <summary>
/// Which files a mirror keeps, and what goes when their room is short. Decides, and touches no disk: its lock is held for moments only,
/// whatever the disk does. Safe from any thread.
/// </summary>
/// <param name="maxSize">Of all files, those on their way included.</param>
/// <param name="reserved">Stays free on the file system.</param>
internal sealed class MirrorRoom(long maxSize, long reserved)
{
    /// <summary>When something has to go, so much more goes with it, that not each file looks through all that is kept.</summary>
    private const int SlackDivisor = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, KeptFile> _kept = new(StringComparer.Ordinal);
    private FrozenSet<string> _pinned = FrozenSet<string>.Empty;
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

    /// <summary>Names the files that stay, whatever room others take.</summary>
    public void Pin(IEnumerable<string> keys)
    {
        var pinned = keys.ToFrozenSet(StringComparer.Ordinal);
        lock (_lock)
        {
            _pinned = pinned;
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
    public bool TryReserve(long bytes, long free, out IReadOnlyList<MirrorEntry> gone)
    {
        gone = [];
        lock (_lock)
        {
            var lacking = Math.Max(_total + bytes - maxSize, reserved + bytes - free);
            if (lacking <= 0)
            {
                _total += bytes;
                return true;
            }

            // What is being served stays, and so does what the suites in force are made of. Nothing goes for what does not fit even then.
            var idle = _kept.Values.Where(k => k.Readers == 0 && !_pinned.Contains(k.Entry.Key)).ToList();
            if (idle.Sum(k => k.Entry.Length) < lacking)
            {
                return false;
            }

            gone = Longest(idle, lacking + (maxSize / SlackDivisor));
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

    /// <summary>The longest unused first.</summary>
    private List<MirrorEntry> Longest(IEnumerable<KeptFile> idle, long lacking)
    {
        var gone = new List<MirrorEntry>();
        foreach (var file in idle.OrderBy(k => k.Used))
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

    private bool Forget(KeptFile file)
    {
        _total -= file.Entry.Length;
        return _kept.Remove(file.Entry.Key);
    }
}
