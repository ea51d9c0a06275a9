using System.Buffers.Binary;

namespace NetDeploy.Server.Storage;

/// <summary>Takes one record at start, in the order of writing. The span is valid during the call only.</summary>
public delegate void JournalReplay(ReadOnlySpan<byte> record);

/// <summary>
/// An append-only file of records. <see cref="Append"/> returns when its records are on the disk, or throws and
/// leaves the file as it was. One thread writes; see <see cref="Leases.JournalCommitter"/> for many.
/// </summary>
public sealed class Journal : IDisposable
{
    private readonly IJournalStorage _storage;
    private readonly string _path;
    private IJournalFile _file;

    /// <summary>Up to here the file is sound and synced; what lies beyond is a failed write's.</summary>
    private long _end;

    private bool _hasDebris;

    /// <summary>
    /// A sync failed: the kernel may call pages clean that the disk never got (PostgreSQL learned it in 2018), so no later sync of this file proves
    /// anything. The next append writes what was acknowledged to a new file first.
    /// </summary>
    private bool _syncFailed;

    /// <summary>After a compaction, until the directory is synced: a crash could bring the old file back, without what is appended now.</summary>
    private bool _nameIsOpen;

    private Journal(IJournalStorage storage, string path, IJournalFile file)
    {
        _storage = storage;
        _path = path;
        _file = file;
    }

    /// <summary>Bytes that are durable.</summary>
    public long Length => _end;

    /// <summary>Bytes of a torn last write that were cut off at start: no one was told that they are kept.</summary>
    public long TornBytes { get; private init; }

    /// <summary>Reads the journal at the path, made where missing, and hands each record to <paramref name="replay"/>.</summary>
    /// <exception cref="JournalDamagedException">A record before the last write is broken.</exception>
    /// <exception cref="IOException">It cannot be opened, or another process has it.</exception>
    public static Journal Open(string path, JournalReplay replay, IJournalStorage? storage = null)
    {
        storage ??= DiskJournalStorage.Instance;
        var file = storage.Open(path);
        try
        {
            // What a compaction left half-made was never the journal.
            storage.Delete(Compacted(path));
            var bytes = new byte[file.Length];
            var length = file.Read(0, bytes);
            var end = Replay(path, bytes.AsSpan(0, length), replay);
            if (end < length)
            {
                file.Truncate(end);
                file.Sync();
            }

            return new Journal(storage, path, file) { _end = end, TornBytes = length - end };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes the records as one batch with one sync.</summary>
    /// <exception cref="IOException">None of them is kept; the next call may succeed again.</exception>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        if (records.Count == 0)
        {
            return;
        }

        var frame = JournalFrame.Write(records);
        SettleName();
        if (_syncFailed)
        {
            PutInPlace(ReadBack());
            SettleName();
        }

        RemoveDebris();
        _hasDebris = true;
        _file.Write(_end, frame);
        _syncFailed = true;
        _file.Sync();
        _syncFailed = false;
        _hasDebris = false;
        _end += frame.Length;
    }

    /// <summary>Puts the records in the place of all that was written so far.</summary>
    /// <exception cref="IOException">Nothing is lost; the next append tells whether the journal can be written.</exception>
    public void Compact(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        PutInPlace(JournalFrame.Write(records));
        SettleName();
    }

    public void Dispose() => _file.Dispose();

    private static string Compacted(string path) => path + ".new";

    /// <summary>All that was acknowledged, checked frame by frame.</summary>
    private byte[] ReadBack()
    {
        var bytes = new byte[_end];
        try
        {
            if (_file.Read(0, bytes) == bytes.Length && Replay(_path, bytes, _ => { }) == bytes.Length)
            {
                return bytes;
            }
        }
        catch (JournalDamagedException damage)
        {
            throw new IOException(damage.Message, damage);
        }

        throw new IOException($"{_path} does not hold any more what was written to it.");
    }

    /// <summary>A new file with these bytes, synced, takes the journal's name.</summary>
    private void PutInPlace(byte[] bytes)
    {
        var next = Compacted(_path);
        _storage.Delete(next);
        var file = _storage.Open(next);
        try
        {
            file.Write(0, bytes);
            file.Sync();
            _storage.Replace(next, _path);
            (_file, file) = (file, _file);
            _end = bytes.Length;
            _hasDebris = false;
            _syncFailed = false;
            _nameIsOpen = true;
        }
        finally
        {
            file.Dispose();
        }
    }

    private void SettleName()
    {
        if (_nameIsOpen)
        {
            _storage.SyncName(_path);
            _nameIsOpen = false;
        }
    }

    /// <summary>A failed write may have left bytes: appending behind them would make them a damaged middle.</summary>
    private void RemoveDebris()
    {
        if (_hasDebris)
        {
            _file.Truncate(_end);
            _hasDebris = false;
        }
    }

    /// <summary>Returns where the sound part ends.</summary>
    private static int Replay(string path, ReadOnlySpan<byte> bytes, JournalReplay replay)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            var body = JournalFrame.SoundBody(bytes[at..]);
            if (body < 0)
            {
                ThrowIfDamaged(path, bytes, at);
                break;
            }

            for (var rest = bytes.Slice(at + JournalFrame.HeaderLength, body); rest.Length > 0;)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                replay(rest.Slice(4, length));
                rest = rest[(4 + length)..];
            }

            at += JournalFrame.HeaderLength + body;
        }

        return at;
    }

    /// <summary>Each frame was synced before the next was written: a sound one behind a broken one means that the disk changed it later.</summary>
    private static void ThrowIfDamaged(string path, ReadOnlySpan<byte> bytes, int at)
    {
        for (var next = at + 1; next <= bytes.Length - JournalFrame.HeaderLength; next++)
        {
            if (JournalFrame.SoundBody(bytes[next..]) >= 0)
            {
                throw new JournalDamagedException(path, at, next);
            }
        }
    }
}
