namespace NetDeploy.Core.Profiles.Documents;

/// <summary>As much of RFC 9580 as tells a pasted key from anything else; apt does the rest.</summary>
internal static class OpenPgpArmor
{
    private const string Begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    private const string End = "-----END PGP PUBLIC KEY BLOCK-----";
    private const int MaxLength = 64 * 1024;

    /// <summary>Of a packet that is a public key, section 5.5.1.1.</summary>
    private const int PublicKeyPacket = 6;

    /// <param name="text">Lines that end in a line feed, without blanks around the block.</param>
    public static bool HoldsPublicKey(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n').Select(l => l.TrimEnd()).ToArray();
        if (text.Length > MaxLength || lines.Length < 4 || lines[0] != Begin || lines[^1] != End || lines.Count(l => l.StartsWith("-----", StringComparison.Ordinal)) != 2)
        {
            return false;
        }

        // Headers such as "Comment: x" end with an empty line; the checksum "=xxxx" is optional.
        var start = Array.IndexOf(lines, "");
        var body = string.Concat(lines[(start + 1)..^1].Where(l => !l.StartsWith('=')));
        var bytes = new byte[body.Length];
        return start > 0 && lines[1..start].All(h => h.Contains(": ", StringComparison.Ordinal) && h.All(c => c is >= ' ' and <= '~'))
            && Convert.TryFromBase64String(body, bytes, out var length) && length > 0 && Tag(bytes[0]) == PublicKeyPacket;
    }

    /// <summary>Section 4.2: the new and the old form of a packet's first byte.</summary>
    private static int Tag(byte first) => (first & 0xC0) switch { 0xC0 => first & 0x3F, 0x80 => (first >> 2) & 0x0F, _ => -1 };
}
