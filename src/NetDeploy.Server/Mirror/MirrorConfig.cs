using System.Text.RegularExpressions;

namespace NetDeploy.Server.Mirror;

/// <summary>One upstream that machines reach through the server, as <c>/mirror/NAME/...</c>.</summary>
/// <param name="Upstream">An http or https address without query, user or password; no slash at the end.</param>
/// <param name="Via">A Unix socket that leads to the upstream's host: each connection goes through it. Null: the server's own network.</param>
public sealed partial record MirrorConfig(string Name, Uri Upstream, string? Via = null)
{
    public const string NameRule = "letters, digits and '-', up to 32, a lower-case letter first";

    /// <summary>Less does not hold the indexes of one suite.</summary>
    public const long SmallestSize = 64L << 20;

    /// <summary>What the files of a mirror take on the disk at most.</summary>
    public long MaxSize { get; init; } = 20L << 30;

    /// <exception cref="ServerFault">One of the words cannot work; <paramref name="where"/> says whose they are.</exception>
    public static MirrorConfig Parse(string where, string? name, string? upstream, string? via = null)
    {
        if (name is null || !NamePattern().IsMatch(name))
        {
            throw new ServerFault($"{where}: '{name}' is no name of a mirror.", $"Write {NameRule}: it is part of the address /mirror/NAME/.");
        }

        if (!Uri.TryCreate(upstream?.TrimEnd('/'), UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
            || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new ServerFault($"{where}: the upstream '{upstream}' of '{name}' is no address of a mirror.", "Write one such as http://ftp.debian.org/debian, without user, password or query.");
        }

        if (via is not null && !Path.IsPathRooted(via))
        {
            throw new ServerFault($"{where}: via '{via}' of '{name}' is no socket.", "Name a Unix socket by its whole path, or leave via out.");
        }

        return new MirrorConfig(name, uri, via);
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,31}\z")]
    private static partial Regex NamePattern();
}
