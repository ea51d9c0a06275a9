using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace NetDeploy.Server.Storage;

/// <summary>
/// One batch of records as it lies in the file: marker, length of the body, CRC-32C of length and body, body; all
/// numbers little-endian. The body is each record with its length before it. A batch is one frame because it is one
/// write: a torn write is then one broken frame, and nothing sound behind it.
/// </summary>
internal static class JournalFrame
{
    public const int HeaderLength = 12;

    /// <summary>Longer bodies are refused: nothing here comes near.</summary>
    public const int MaximumBody = 64 << 20;

    /// <summary>"NDJ1".</summary>
    public const uint Marker = 0x314a444e;

    public static byte[] Write(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        var body = records.Sum(r => 4 + r.Length);
        if (body > MaximumBody)
        {
            throw new ArgumentException($"A batch of {body} bytes is longer than {MaximumBody}.", nameof(records));
        }

        var frame = new byte[HeaderLength + body];
        var rest = frame.AsSpan(HeaderLength);
        foreach (var record in records)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, record.Length);
            record.Span.CopyTo(rest[4..]);
            rest = rest[(4 + record.Length)..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(frame, Marker);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), body);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), Checksum(frame.AsSpan(4, 4), frame.AsSpan(HeaderLength)));
        return frame;
    }

    /// <summary>The body's length where a whole, sound frame begins here; else -1.</summary>
    public static int SoundBody(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Marker)
        {
            return -1;
        }

        var body = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        return body >= 0 && body <= bytes.Length - HeaderLength
            && Checksum(bytes.Slice(4, 4), bytes.Slice(HeaderLength, body)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..])
                ? body
                : -1;
    }

    private static uint Checksum(ReadOnlySpan<byte> length, ReadOnlySpan<byte> body)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(length));
        var words = MemoryMarshal.Cast<byte, ulong>(body);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var b in body[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
