using System.Security.Cryptography;
using System.Text;

namespace NetDeploy.Server.BootFiles;

/// <summary>What of this tree goes into a deploy environment: <c>build-deploy-environment</c> and <c>deploy/</c>.</summary>
internal static class DeployEnvironmentSources
{
    private const string Script = "build-deploy-environment";

    /// <summary>The hash that the script itself writes to its manifest: of the lines of <c>sha256sum</c>, in the order of bytes. Null where the tree has no script.</summary>
    public static string? Hash(string sources)
    {
        if (!File.Exists(Path.Combine(sources, Script)))
        {
            return null;
        }

        var deploy = Path.Combine(sources, "deploy");
        var files = Directory.Exists(deploy) ? Directory.EnumerateFiles(deploy, "*", SearchOption.AllDirectories) : [];
        var lines = new StringBuilder();
        foreach (var file in files.Append(Path.Combine(sources, Script)).Select(f => Path.GetRelativePath(sources, f)).Order(StringComparer.Ordinal))
        {
            lines.Append(BootFilesFolder.Sha256(Path.Combine(sources, file))).Append("  ").Append(file).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }
}
