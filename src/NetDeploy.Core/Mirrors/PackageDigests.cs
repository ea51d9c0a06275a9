using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetDeploy.Core.Mirrors;

/// <summary>
/// What a <c>Packages</c> index says of the files in the pool. Only digests are kept, 48 bytes a package: the 63,000 of Debian's main
/// are 3 MB. A path is known by the first 64 bits of its SHA-256.
/// </summary>
public sealed class PackageDigests
{
    public const int MaximumPackages = 400_000;

    private readonly ulong[] _paths;
    private readonly long[] _lengths;
    private readonly byte[] _digests;

    private PackageDigests(ulong[] paths, long[] lengths, byte[] digests)
    {
        _paths = paths;
        _lengths = lengths;
        _digests = digests;
    }

    public int Count => _paths.Length;

    public ListedFile? Find(string path)
    {
        var at = Array.BinarySearch(_paths, Key(path));
        return at < 0 ? null : new ListedFile(_lengths[at], Convert.ToHexStringLower(_digests.AsSpan(at * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes)));
    }

    /// <summary>Reads the paragraphs of an index; a paragraph without all of file name, size and digest says nothing of a file.</summary>
    /// <exception cref="InvalidDataException">More packages than any archive has.</exception>
    public static async Task<PackageDigests> ReadAsync(TextReader index, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<ulong, (long Length, byte[] Digest)>();
        string? name = null, sha256 = null;
        long? length = null;
        while (true)
        {
            var line = await index.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (string.IsNullOrEmpty(line))
            {
                if (name is not null && length is { } bytes && sha256 is { Length: 64 } && sha256.All(char.IsAsciiHexDigit))
                {
                    found[Key(name)] = (bytes, Convert.FromHexString(sha256));
                    if (found.Count > MaximumPackages)
                    {
                        throw new InvalidDataException($"an index of more than {MaximumPackages} packages");
                    }
                }

                (name, length, sha256) = (null, null, null);
                if (line is null)
                {
                    return new PackageDigests([.. found.Keys], [.. found.Values.Select(v => v.Length)], [.. found.Values.SelectMany(v => v.Digest)]);
                }
            }
            else if (Field(line, "Filename: ") is { } file)
            {
                name = file.StartsWith("./", StringComparison.Ordinal) ? file[2..] : file;
            }
            else if (Field(line, "Size: ") is { } size)
            {
                length = long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
            }
            else if (Field(line, "SHA256: ") is { } digest)
            {
                sha256 = digest;
            }
        }
    }

    private static string? Field(string line, string name) => line.StartsWith(name, StringComparison.Ordinal) ? line[name.Length..].Trim() : null;

    private static ulong Key(string path) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(path)));
}
