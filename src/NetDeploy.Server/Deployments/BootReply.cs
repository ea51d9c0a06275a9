using NetDeploy.Core.Boot;

namespace NetDeploy.Server.Deployments;

/// <summary>What a listener sends.</summary>
public abstract record BootReply
{
    private BootReply()
    {
    }

    /// <summary>A script. May hold a token: never log or keep it.</summary>
    public sealed record Text(string Content) : BootReply
    {
        public override string ToString() => $"Text ({Content.Length} characters)";
    }

    public sealed record LoaderFile(string Name, bool FirstStage) : BootReply;

    public sealed record EnvironmentFile(EnvironmentPart Part) : BootReply;

    public sealed record InstallerFile(string Distro, string BuildId, string Name) : BootReply;

    /// <summary>TFTP ERROR 1, HTTP 404.</summary>
    public sealed record NotFound(string Reason) : BootReply;

    /// <summary>TFTP ERROR 2, HTTP 403.</summary>
    public sealed record Refused(string Reason) : BootReply;
}
