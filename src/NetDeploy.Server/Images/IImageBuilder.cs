using System.Collections.Immutable;
using NetDeploy.Core.Images;

namespace NetDeploy.Server.Images;

/// <summary>The room a build has: all it leaves outside is nothing.</summary>
/// <param name="Folder">For the builder alone; empty at the start; what a killed build leaves in it, <see cref="IImageBuilder.CleanAsync"/> removes.</param>
/// <param name="Output">Where the <c>.tar.zst</c> goes, written and synced by the builder.</param>
/// <param name="Log">Takes the build's output, bounded.</param>
internal sealed record ImageBuildRoom(string Folder, string Output, BuildLog Log);

/// <summary>What a build made; <paramref name="Id"/> is the hash of the bytes as they were written.</summary>
internal sealed record ImageBuildResult(
    string Id,
    long Bytes,
    long UnpackedBytes,
    ImmutableSortedDictionary<string, string> Packages);

/// <summary>A build that could not be done, for a reason a person can act on.</summary>
internal sealed class ImageBuilderException(ImageFailureKind kind, string reason, string remedy, Exception? inner = null)
    : Exception(reason, inner)
{
    public ImageFailureKind Kind { get; } = kind;

    public string Remedy { get; } = remedy;
}

/// <summary>Turns a spec into a <c>.tar.zst</c>: one per family of distributions.</summary>
internal interface IImageBuilder
{
    /// <summary>Name and version, recorded with the image.</summary>
    string Name { get; }

    /// <exception cref="ImageBuilderException">A reason a person can act on.</exception>
    Task<ImageBuildResult> BuildAsync(ImageSpec spec, ImageBuildRoom room, IProgress<ImageBuildProgress> progress, CancellationToken cancellationToken);

    /// <summary>Removes what a build, finished or killed, left in its folder, and the folder.</summary>
    Task CleanAsync(string folder, CancellationToken cancellationToken);
}
