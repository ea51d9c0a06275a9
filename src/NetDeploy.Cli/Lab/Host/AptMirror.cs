namespace NetDeploy.Cli.Lab.Host;

/// <summary>The Debian mirrors this machine itself installs from: a lab on it can reach those, whatever it can reach else.</summary>
/// <param name="Main">Such as http://ftp.debian.org/debian; no slash at the end.</param>
internal sealed record AptMirror(string Main, string Security)
{
    public static AptMirror Default { get; } = new("http://ftp.debian.org/debian", "http://security.debian.org/debian-security");

    private static readonly HashSet<string> Suites =
        ["bookworm", "trixie", "forky", "sid", "oldstable", "stable", "testing", "unstable"];

    /// <summary>Reads <c>sources.list</c>, <c>sources.list.d/*.list</c> and <c>*.sources</c> (sources.list(5)); the first of each kind wins.</summary>
    /// <param name="folder">Usually /etc/apt.</param>
    public static AptMirror Read(string folder = "/etc/apt")
    {
        var sources = Files(folder).SelectMany(file => AptSources.Parse(File.ReadAllText(file), deb822: file.EndsWith(".sources", StringComparison.Ordinal))).ToArray();
        return new AptMirror(
            First(sources, Suites.Contains) ?? Default.Main,
            First(sources, suite => suite.EndsWith("-security", StringComparison.Ordinal) && Suites.Contains(suite[..^"-security".Length])) ?? Default.Security);
    }

    private static string? First(IEnumerable<AptSource> sources, Func<string, bool> suite) =>
        sources.FirstOrDefault(s => suite(s.Suite) && s.Components.Contains("main") && IsPlainHttp(s.Uri))?.Uri.TrimEnd('/');

    /// <summary>A mirror with credentials, on a CD or behind a method of its own is none that a blade could be given.</summary>
    private static bool IsPlainHttp(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && parsed.UserInfo.Length == 0;

    private static IEnumerable<string> Files(string folder)
    {
        var list = Path.Combine(folder, "sources.list");
        if (File.Exists(list))
        {
            yield return list;
        }

        var parts = Path.Combine(folder, "sources.list.d");
        if (!Directory.Exists(parts))
        {
            yield break;
        }

        foreach (var file in Directory.EnumerateFiles(parts).Where(f => Path.GetExtension(f) is ".list" or ".sources").Order(StringComparer.Ordinal))
        {
            yield return file;
        }
    }
}
