namespace NetDeploy.Core.Mirrors;

/// <summary>What a file of a mirror is to a cache: when it may change, and what it must agree with.</summary>
public abstract record MirrorFile
{
    private const string Dists = "dists";
    private const string Pool = "pool";
    private const string ByHashFolder = "by-hash";

    private MirrorFile()
    {
    }

    /// <summary>Below <c>pool/</c>: the name holds the version, so the content never changes.</summary>
    public sealed record Pooled : MirrorFile;

    /// <summary>Named by its own SHA-256, in lower case: the same in every generation of its suite.</summary>
    public sealed record ByHash(string Sha256) : MirrorFile;

    /// <summary>By a digest that is too weak, or none that is known. Clients that hear of no such file ask by name.</summary>
    public sealed record WeakHash(string Algorithm) : MirrorFile;

    /// <summary><c>InRelease</c>, <c>Release</c> or <c>Release.gpg</c> of a suite: asked for anew each time.</summary>
    public sealed record ReleaseOf(string Suite, ReleaseForm Form) : MirrorFile;

    /// <summary>Another file below a suite, by its name there: of the generation that the client is in, where its Release lists it.</summary>
    public sealed record OfSuite(string Suite, string Name) : MirrorFile;

    /// <summary>Any other: asked for anew each time.</summary>
    public sealed record Loose : MirrorFile;

    /// <param name="isSuite">Whether a Release of that suite is known: only that tells <c>stable/updates</c> from <c>stable</c> and its part <c>updates</c>.</param>
    public static MirrorFile Of(MirrorPath path, Func<string, bool> isSuite)
    {
        var segments = path.Segments;
        if (segments.Length >= 4 && segments[^3] == ByHashFolder)
        {
            return segments[^2] == "SHA256" && IsSha256(segments[^1]) ? new ByHash(segments[^1]) : new WeakHash(segments[^2]);
        }

        if (segments[0] != Dists || segments.Length < 3)
        {
            return segments[..^1].Contains(Pool) ? new Pooled() : new Loose();
        }

        var folder = string.Join('/', segments[1..^1]);
        ReleaseForm? form = path.Name switch
        {
            "InRelease" => ReleaseForm.Inline,
            "Release.gpg" => ReleaseForm.Signature,
            // Each binary-ARCH/ has a small Release too, which its suite's Release lists.
            "Release" when segments.Length == 3 || isSuite(folder) => ReleaseForm.Detached,
            _ => null,
        };
        if (form is { } release)
        {
            return new ReleaseOf(folder, release);
        }

        var depth = Enumerable.Range(1, segments.Length - 2).Reverse().FirstOrDefault(n => isSuite(string.Join('/', segments[1..(n + 1)])), 1);
        return new OfSuite(string.Join('/', segments[1..(depth + 1)]), string.Join('/', segments[(depth + 1)..]));
    }

    private static bool IsSha256(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}

/// <summary>The three files that tell a suite's state.</summary>
public enum ReleaseForm
{
    /// <summary><c>InRelease</c>: text and signature in one.</summary>
    Inline,

    /// <summary><c>Release</c>.</summary>
    Detached,

    /// <summary><c>Release.gpg</c>.</summary>
    Signature,
}
