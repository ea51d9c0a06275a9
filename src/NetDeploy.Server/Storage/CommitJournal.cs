using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace NetDeploy.Server.Storage;

/// <summary>
/// The store's write-ahead journal: an append that returned is on the disk. Each record is the four bytes <c>NDJ1</c>, the
/// payload's length and its CRC-32C (both 32 bits, little-endian), and the payload. A torn tail is cut at the start; damage
/// before a whole record stops it. The open file is the store's lock.
/// </summary>
internal sealed class CommitJournal : IDisposable
{
    private const int Header = 12;
    private const int MaxPayload = 16 << 20;
    private static readonly byte[] Magic = "NDJ1"u8.ToArray();

    private readonly SafeFileHandle _file;
    private readonly string _path;

    private CommitJournal(SafeFileHandle file, string path, long length)
    {
        _file = file;
        _path = path;
        Length = length;
    }

    /// <summary>Bytes of whole records.</summary>
    public long Length { get; private set; }

    /// <param name="payloads">The whole records, in order.</param>
    /// <exception cref="StoreException">Another process has the store, or the journal is damaged.</exception>
    public static CommitJournal Open(string path, out List<byte[]> payloads)
    {
        SafeFileHandle file;
        try
        {
            var isNew = !File.Exists(path);
            file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (isNew)
            {
                FolderSync.Sync(Path.GetDirectoryName(path)!);
            }
        }
        catch (IOException busy)
        {
            throw new StoreException(
                $"The store {path} cannot be opened: {busy.Message} Remedy: only one server may use it; stop the other one, or give this one its own --data.", busy);
        }

        try
        {
            var length = RandomAccess.GetLength(file);
            var bytes = new byte[length];
            for (var read = 0; read < bytes.Length;)
            {
                read += RandomAccess.Read(file, bytes.AsSpan(read), read);
            }

            payloads = [];
            var at = 0;
            while (TryRecord(bytes, at, out var payload))
            {
                payloads.Add(payload.ToArray());
                at += Header + payload.Length;
            }

            if (at < bytes.Length)
            {
                RefuseIfMiddle(path, bytes, at);
                RandomAccess.SetLength(file, at);
                RandomAccess.FlushToDisk(file);
            }

            return new CommitJournal(file, path, at);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes and syncs. After an exception nothing of it remains.</summary>
    /// <exception cref="StoreException">The disk did not take it.</exception>
    public void Append(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MaxPayload)
        {
            throw new StoreException($"A commit of {payload.Length} bytes is more than the journal takes.");
        }

        var record = new byte[Header + payload.Length];
        Magic.CopyTo(record, 0);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Checksum(payload));
        payload.CopyTo(record.AsSpan(Header));
        try
        {
            RandomAccess.Write(_file, record, Length);
            RandomAccess.FlushToDisk(_file);
        }
        catch (IOException failure)
        {
            // Whole or absent: a retry after a full disk must not find half a record before it.
            RandomAccess.SetLength(_file, Length);
            throw new StoreException($"The store {_path} could not be written: {failure.Message} Remedy: make room on its disk.", failure);
        }

        Length += record.Length;
    }

    /// <summary>Forgets all records, once they are durable elsewhere.</summary>
    public void Clear()
    {
        RandomAccess.SetLength(_file, 0);
        RandomAccess.FlushToDisk(_file);
        Length = 0;
    }

    public void Dispose() => _file.Dispose();

    private static bool TryRecord(ReadOnlySpan<byte> bytes, int at, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        var rest = bytes[at..];
        if (rest.Length < Header || !rest.StartsWith(Magic))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
        if (length < 0 || length > rest.Length - Header)
        {
            return false;
        }

        payload = rest.Slice(Header, length);
        return Checksum(payload) == BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]);
    }

    /// <summary>What follows a torn append is nothing. A whole record after a bad one means that acknowledged commits are damaged.</summary>
    private static void RefuseIfMiddle(string path, ReadOnlySpan<byte> bytes, int bad)
    {
        for (var at = bad + 1; at < bytes.Length; at++)
        {
            var next = bytes[at..].IndexOf(Magic);
            if (next < 0)
            {
                return;
            }

            at += next;
            if (TryRecord(bytes, at, out _))
            {
                throw new StoreException(
                    $"The journal {path} is damaged at byte {bad}, before whole records. Remedy: restore the data folder from a copy; or move the journal away, which loses the commits in it.");
            }
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            crc = System.Numerics.BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (var b in bytes)
        {
            crc = System.Numerics.BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
