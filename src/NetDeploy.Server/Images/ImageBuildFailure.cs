using System.Collections.Immutable;

namespace NetDeploy.Server.Images;

/// <summary>Whose fault a failed build is.</summary>
public enum ImageFailureKind
{
    /// <summary>None of the known reasons; the log says more.</summary>
    Other,
    InvalidSpec,
    MirrorUnreachable,
    SuiteMissing,
    UnknownPackage,
    BadSignature,
    DiskFull,
    MemoryLimit,
    TimeLimit,
    ScriptFailed,
    Identity,
    BuildUser,
    ToolMissing,
    WorkerDied,
}

/// <summary>The last build of a key failed (<c>failed/KEY.json</c>). An older image of the key stays usable.</summary>
/// <param name="Remedy">What a person can do about it.</param>
/// <param name="LogTail">The last lines of the build's log.</param>
public sealed record ImageBuildFailure(
    string Key,
    ImageFailureKind Kind,
    string Reason,
    string Remedy,
    ImmutableArray<string> LogTail,
    DateTimeOffset At);

/// <summary>A build that failed, as an exception for who waits for it.</summary>
public sealed class ImageBuildException(ImageBuildFailure failure)
    : Exception($"{failure.Reason} {failure.Remedy}")
{
    public ImageBuildFailure Failure { get; } = failure;
}
