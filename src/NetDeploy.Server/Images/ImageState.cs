namespace NetDeploy.Server.Images;

/// <summary>Where an image key is, seen by the server.</summary>
public abstract record ImageState
{
    private ImageState()
    {
    }

    /// <summary>Never requested.</summary>
    public sealed record Absent : ImageState;

    /// <summary>Requested or being built; for a refresh <see cref="ImageStore.Find"/> still gives the image so far.</summary>
    public sealed record Pending(ImageBuildProgress Progress) : ImageState;

    public sealed record Ready(ImageEntry Entry) : ImageState;

    /// <summary>The last build failed; after a failed refresh <see cref="ImageStore.Find"/> still gives the image so far.</summary>
    public sealed record Failed(ImageBuildFailure Failure) : ImageState;
}
