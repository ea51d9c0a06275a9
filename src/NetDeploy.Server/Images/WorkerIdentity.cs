using System.Globalization;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// The unprivileged user that runs builds. Never root: started as root, the worker runs each command of a build as
/// its build user, without any of root's groups or capabilities.
/// </summary>
/// <param name="Drops">Whether commands must be run through <c>setpriv</c> to become this user.</param>
internal sealed record WorkerIdentity(string Name, uint UserId, uint GroupId, bool Drops)
{
    /// <summary>A Debian system needs users up to nobody (65534).</summary>
    public const long SubordinateIds = 65536;

    /// <summary>Finds the user to build as.</summary>
    /// <param name="databases">Folder of <c>passwd</c>, <c>subuid</c> and <c>subgid</c>: <c>/etc</c>.</param>
    /// <exception cref="ImageBuilderException">There is none; the remedy names the commands.</exception>
    public static WorkerIdentity Find(string buildUser, uint effectiveUserId, string databases = "/etc")
    {
        var drops = effectiveUserId == 0;
        var wanted = drops ? null : effectiveUserId.ToString(CultureInfo.InvariantCulture);
        var row = Rows(Path.Combine(databases, "passwd"))
            .FirstOrDefault(fields => fields.Length >= 4 && (drops ? fields[0] == buildUser : fields[2] == wanted));
        if (row is null || !TryId(row[2], out var user) || !TryId(row[3], out var group))
        {
            throw drops
                ? Missing(
                    $"The build user '{buildUser}' does not exist, and images are never built as root.",
                    $"useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin {buildUser} && {AddRanges(buildUser)}")
                : Missing($"The worker's user {wanted} is not in {databases}/passwd.", $"start the worker as root, or as the user {buildUser}");
        }

        if (user == 0)
        {
            throw Missing($"The build user '{row[0]}' is root, and images are never built as root.", "name another user");
        }

        foreach (var file in (string[])["subuid", "subgid"])
        {
            var ranges = Rows(Path.Combine(databases, file));
            if (!ranges.Any(fields => fields.Length == 3 && (fields[0] == row[0] || fields[0] == row[2])
                && long.TryParse(fields[2], CultureInfo.InvariantCulture, out var count) && count >= SubordinateIds))
            {
                throw Missing($"The build user '{row[0]}' has no range of {SubordinateIds} ids in {databases}/{file}.", AddRanges(row[0]));
            }
        }

        return new WorkerIdentity(row[0], user, group, drops);
    }

    /// <summary>
    /// The command as this user, in a session (and so a process group) of its own, so that one signal reaches all of it.
    /// </summary>
    /// <param name="diesWithParent">SIGKILL when the thread that starts it ends, however it ends.</param>
    public IEnumerable<string> Wrap(IEnumerable<string> command, bool diesWithParent = true)
    {
        string[] drop = Drops
            ? ["--reuid", UserId.ToString(CultureInfo.InvariantCulture), "--regid", GroupId.ToString(CultureInfo.InvariantCulture), "--clear-groups"]
            : [];
        string[] death = diesWithParent ? ["--pdeathsig", "KILL"] : [];
        string[] setpriv = drop.Length + death.Length > 0 ? ["setpriv", .. drop, .. death] : [];
        return ["setsid", .. setpriv, .. command];
    }

    /// <summary>Gives a folder that root made to this user.</summary>
    public void Own(string path)
    {
        if (Drops)
        {
            Posix.ChangeOwner(path, UserId, GroupId);
        }
    }

    /// <summary>The ids of the image's users live in subordinate ranges, outside of which the build can do nothing.</summary>
    private static string AddRanges(string user) =>
        $"usermod --add-subuids 1000000-1065535 --add-subgids 1000000-1065535 {user}";

    private static ImageBuilderException Missing(string reason, string remedy) =>
        new(ImageFailureKind.BuildUser, reason, $"As root: {remedy} (choose another range where this one is taken).");

    private static bool TryId(string text, out uint id) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);

    private static IEnumerable<string[]> Rows(string file) =>
        File.Exists(file) ? File.ReadLines(file).Select(line => line.Split(':')) : [];
}
