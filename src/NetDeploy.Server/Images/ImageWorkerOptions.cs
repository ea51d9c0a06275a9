namespace NetDeploy.Server.Images;

/// <summary>How a worker builds.</summary>
public sealed record ImageWorkerOptions
{
    /// <summary>The folder <c>images/</c> that server and worker share.</summary>
    public required string SpoolFolder { get; init; }

    /// <summary>Who the worker becomes when it is started as root. A worker that is not root builds as itself.</summary>
    public string BuildUser { get; init; } = "netdeploy-build";

    /// <summary>Images kept for a key, the current one included; pinned ones are kept besides.</summary>
    public int KeepImages { get; init; } = 2;

    public BuildLimits Limits { get; init; } = new();

    /// <summary>The only keys that may sign a repository of a Debian image.</summary>
    public string DebianKeyring { get; init; } = "/usr/share/keyrings/debian-archive-keyring.gpg";
}

/// <summary>What a build may take; exceeding a limit ends it with a reason.</summary>
public sealed record BuildLimits
{
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Address space of each single process of the build. The sum is for the service's cgroup to bound.</summary>
    public long MemoryBytes { get; init; } = 4L << 30;

    /// <summary>Largest single file, the unpacked image as a stream included.</summary>
    public long FileBytes { get; init; } = 32L << 30;

    /// <summary>Free space needed to start.</summary>
    public long FreeBytesToStart { get; init; } = 4L << 30;

    /// <summary>Free space that a build must leave to everyone else.</summary>
    public long FreeBytesToLeave { get; init; } = 512L << 20;
}
