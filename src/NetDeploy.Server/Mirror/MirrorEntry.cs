using System.Text.Json.Serialization;

namespace NetDeploy.Server.Mirror;

/// <summary>What the upstream said to ask with, the next time.</summary>
internal sealed record Validators(string? Etag, DateTimeOffset? LastModified)
{
    public static Validators None { get; } = new(null, null);

    public bool Any => Etag is not null || LastModified is not null;
}

/// <summary>One file of the cache, as its <c>.json</c> beside it says.</summary>
/// <param name="Key">A path below the mirror; of files that are named by their content, <c>/sha256/</c> and the digest.</param>
/// <param name="Confirmed">An index or a Release named this digest; else it is only what came.</param>
internal sealed record MirrorEntry(string Key, string Sha256, long Length, Validators Validators, long StoredAt, bool Confirmed)
{
    /// <summary>No path begins with a slash (<see cref="Core.Mirrors.MirrorPath"/>), so none that a client asks for is the key of another file's content.</summary>
    private const string ByContent = "/sha256/";

    public static string KeyOf(string sha256) => ByContent + sha256;
}

/// <summary>The states of a suite that the cache can serve, the one in force first.</summary>
internal sealed record SuiteRecord(string Suite, IReadOnlyList<GenerationRecord> Generations);

/// <param name="Files">The digests of <c>InRelease</c>, <c>Release</c> and <c>Release.gpg</c>, those that there are.</param>
/// <param name="Asked">The form that the upstream is asked for.</param>
internal sealed record GenerationRecord(IReadOnlyDictionary<Core.Mirrors.ReleaseForm, string> Files, Core.Mirrors.ReleaseForm Asked, Validators Validators, long FirstSeen);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(MirrorEntry))]
[JsonSerializable(typeof(SuiteRecord))]
internal sealed partial class MirrorJson : JsonSerializerContext;
