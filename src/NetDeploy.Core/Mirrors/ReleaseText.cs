using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetDeploy.Core.Mirrors;

/// <summary>A file that a Release lists.</summary>
public readonly record struct ListedFile(long Length, string Sha256);

/// <summary>
/// What a suite's Release says of its files (https://wiki.debian.org/DebianRepository/Format). Signatures are for clients to verify;
/// a cache reads only what tells it whether files belong together.
/// </summary>
public sealed record ReleaseText
{
    /// <summary>Debian's have 800 KB at most; more is none.</summary>
    public const int MaximumBytes = 8 << 20;

    private const int MaximumFiles = 100_000;
    private const string SignedHead = "-----BEGIN PGP SIGNED MESSAGE-----";
    private const string SignatureHead = "-----BEGIN PGP SIGNATURE-----";

    /// <summary>Of the text alone: an InRelease and a Release of one generation have the same.</summary>
    public required string Generation { get; init; }

    public required bool AcquireByHash { get; init; }

    /// <summary>By name below the suite.</summary>
    public required ImmutableDictionary<string, ListedFile> Files { get; init; }

    /// <summary>Null where the bytes are no Release with SHA-256 digests, such as a login page of a hotel.</summary>
    public static ReleaseText? Parse(ReadOnlySpan<byte> content)
    {
        if (content.Length > MaximumBytes)
        {
            return null;
        }

        var lines = Text(Encoding.UTF8.GetString(content).Split('\n'));
        var files = ImmutableDictionary.CreateBuilder<string, ListedFile>(StringComparer.Ordinal);
        var byHash = false;
        var inDigests = false;
        foreach (var line in lines)
        {
            if (line.StartsWith(' '))
            {
                if (!inDigests)
                {
                    continue;
                }

                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var sha256, var size, var name]
                    || sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigitLower)
                    || !long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                    || files.Count >= MaximumFiles)
                {
                    return null;
                }

                files[name] = new ListedFile(length, sha256);
                continue;
            }

            inDigests = line.StartsWith("SHA256:", StringComparison.Ordinal);
            byHash |= line.StartsWith("Acquire-By-Hash:", StringComparison.Ordinal) && line.AsSpan(16).Trim().Equals("yes", StringComparison.OrdinalIgnoreCase);
        }

        return files.Count == 0 ? null : new ReleaseText
        {
            Generation = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines)))),
            AcquireByHash = byHash,
            Files = files.ToImmutable(),
        };
    }

    /// <summary>Without the frame of a clear-signed message (RFC 9580, 7): its headers, dash escapes and signature, and blanks at a line's end, which are not signed.</summary>
    private static List<string> Text(string[] raw)
    {
        IEnumerable<string> lines = raw.Select(l => l.TrimEnd());
        if (raw[0].TrimEnd() == SignedHead)
        {
            lines = lines.SkipWhile(l => l.Length > 0).Skip(1).TakeWhile(l => l != SignatureHead)
                .Select(l => l.StartsWith("- ", StringComparison.Ordinal) ? l[2..] : l);
        }

        var text = lines.ToList();
        while (text.Count > 0 && text[^1].Length == 0)
        {
            text.RemoveAt(text.Count - 1);
        }

        return text;
    }
}
