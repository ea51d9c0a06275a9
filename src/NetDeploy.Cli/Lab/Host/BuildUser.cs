using System.Collections.Immutable;
using System.Globalization;

namespace NetDeploy.Cli.Lab.Host;

/// <summary>
/// The unprivileged account that builds images. It needs 65536 subordinate ids, because an image's files belong
/// to many users and <c>mmdebstrap --mode=unshare</c> maps those into its own.
/// </summary>
/// <param name="etc">The folder of passwd, subuid and subgid.</param>
internal sealed class BuildUser(string etc = "/etc")
{
    public const string Name = "netdeploy-build";

    private const long Count = 65536;

    /// <summary>Debian's first subordinate id (SUB_UID_MIN of login.defs).</summary>
    private const long First = 100_000;

    /// <summary>The commands that complete the account; empty where nothing is missing.</summary>
    public ImmutableArray<ImmutableArray<string>> Missing()
    {
        var commands = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        if (!Lines("passwd").Any(f => f[0] == Name))
        {
            commands.Add(["useradd", "--system", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", Name]);
        }

        var ranges = Lines("subuid").Concat(Lines("subgid")).ToArray();
        var start = ranges.Select(End).Append(First).Max();
        var range = string.Create(CultureInfo.InvariantCulture, $"{start}-{start + Count - 1}");
        if (!Enough("subuid"))
        {
            commands.Add(["usermod", "--add-subuids", range, Name]);
        }

        if (!Enough("subgid"))
        {
            commands.Add(["usermod", "--add-subgids", range, Name]);
        }

        return commands.ToImmutable();
    }

    private bool Enough(string file) =>
        Lines(file).Any(f => f is [Name, _, var count] && long.TryParse(count, CultureInfo.InvariantCulture, out var n) && n >= Count);

    private static long End(string[] fields) =>
        fields is [_, var start, var count]
        && long.TryParse(start, CultureInfo.InvariantCulture, out var s)
        && long.TryParse(count, CultureInfo.InvariantCulture, out var n)
            ? s + n
            : 0;

    private IEnumerable<string[]> Lines(string file)
    {
        var path = Path.Combine(etc, file);
        return File.Exists(path) ? File.ReadLines(path).Select(line => line.Trim().Split(':')) : [];
    }
}
