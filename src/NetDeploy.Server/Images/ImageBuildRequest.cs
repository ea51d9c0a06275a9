using NetDeploy.Core.Images;

namespace NetDeploy.Server.Images;

/// <summary>A wish for an image: <c>queue/KEY.json</c>, and while it is built <c>building/KEY/request.json</c>.</summary>
internal sealed record ImageBuildRequest
{
    public required string Key { get; init; }

    public required ImageSpec Spec { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>The generation that does not satisfy the wish any more: 0, or for a refresh the one to be replaced.</summary>
    public long AfterGeneration { get; init; }

    /// <summary>Builds that began and neither ended nor were stopped: their worker died. Bounded, for a build may be what kills it.</summary>
    public int Attempts { get; init; }

    public bool IsSatisfiedBy(ImageEntry? entry) => entry is not null && entry.Generation > AfterGeneration;
}
