namespace NetDeploy.Server.Images;

/// <summary>The phases of a build, in order.</summary>
public enum ImageBuildStep
{
    Queued,
    Update,
    Download,
    Extract,
    Essential,
    Install,
    Scripts,
    Clean,
    Pack,
    Publish,
}

/// <summary>How far a build is.</summary>
/// <param name="Percent">0 to 100, never falling within one build.</param>
/// <param name="Detail">A line for people, such as the package being set up.</param>
public sealed record ImageBuildProgress(ImageBuildStep Step, int Percent, string Detail);
