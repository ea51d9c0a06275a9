using System.Buffers.Binary;

namespace NetDeploy.Core.Machines;

/// <summary>
/// SMBIOS UUIDs as firmware really sends them. SMBIOS 2.6 stores the first three fields little-endian, option 97
/// (RFC 4578) should carry the wire order, and firmware does either; iPXE prints the SMBIOS text. So one machine shows two
/// spellings, and both must mean that machine.
/// </summary>
public static class SmbiosUuid
{
    // Boards whose vendor never wrote one; shared by thousands of machines.
    private static readonly HashSet<Guid> Junk =
    [
        .. new[]
        {
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "03000200-0400-0500-0006-000700080009",
            "00020003-0004-0005-0006-000700080009",
            "12345678-1234-1234-1234-123456789012",
            "12345678-1234-5678-90ab-cddeefaabbcc",
            "12345678-1234-5678-1234-567812345678",
            "01020304-0506-0708-090a-0b0c0d0e0f10",
            "00010203-0405-0607-0809-0a0b0c0d0e0f",
            "11111111-1111-1111-1111-111111111111",
            "fefefefe-fefe-fefe-fefe-fefefefefefe",
            "4c4c4544-0000-2010-8020-80c04f202020",
            "49434d53-0200-9033-2500-33902500eeee",
        }.Select(text => Canonical(Guid.Parse(text))),
    ];

    /// <summary>The same value for both byte orders of one UUID: the smaller of the two.</summary>
    public static Guid Canonical(Guid uuid)
    {
        var swapped = Swap(uuid);
        return swapped.CompareTo(uuid) < 0 ? swapped : uuid;
    }

    /// <summary>The other byte order of the first three fields.</summary>
    public static Guid Swap(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        return new Guid(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]);
    }

    /// <summary>True for a UUID that many machines share, in either byte order.</summary>
    public static bool IsJunk(Guid uuid) => Junk.Contains(Canonical(uuid));
}
