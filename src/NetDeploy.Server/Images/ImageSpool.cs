using System.Text.RegularExpressions;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>Who owns the spool, numerically. Root sets it up for the two users; see README.md beside this file.</summary>
/// <param name="ServerUser">Owns the folder and <c>queue/</c>, the one place where the server writes.</param>
/// <param name="WorkerUser">Owns what the worker writes: the build user.</param>
public sealed record SpoolOwners(uint ServerUser, uint ServerGroup, uint WorkerUser, uint WorkerGroup);

/// <summary>
/// The folder <c>images/</c>: the only channel between the server, which wants images, and the worker, which
/// builds them. This type knows its paths and makes it; who may do what is in README.md beside this file.
/// </summary>
public sealed partial class ImageSpool
{
    /// <summary>The server writes requests, and the worker's group takes them away: 2770.</summary>
    private const UnixFileMode WritableByBoth =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute |
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.SetGroup;

    private ImageSpool(string root) => Root = root;

    /// <summary>The folder <c>images/</c>, absolute.</summary>
    public string Root { get; }

    internal string QueueFolder => Path.Combine(Root, "queue");

    internal string BuildingFolder => Path.Combine(Root, "building");

    internal string ReadyFolder => Path.Combine(Root, "ready");

    internal string BlobFolder => Path.Combine(Root, "blobs");

    internal string FailedFolder => Path.Combine(Root, "failed");

    /// <summary>Held shared by each worker for as long as it lives.</summary>
    internal string WorkerLock => Path.Combine(Root, "worker.lock");

    /// <summary>Held while a blob and its index entry are published, and while unused blobs are removed.</summary>
    internal string PublishLock => Path.Combine(Root, "publish.lock");

    /// <summary>Without the suffix of a request, so that the worker never takes it for one.</summary>
    internal string PinFile => Path.Combine(QueueFolder, "pins");

    /// <summary>
    /// Makes what is missing of the spool, and, as root, gives it to its owners. Safe to call from the server and
    /// from the worker at the same time.
    /// </summary>
    /// <param name="root">The folder <c>images/</c> of the data folder.</param>
    /// <param name="owners">Used when the caller is root; null leaves the spool to the caller.</param>
    /// <exception cref="IOException">The folder cannot be made or given away.</exception>
    /// <exception cref="UnauthorizedAccessException">The caller may not write there: the message names the remedy.</exception>
    public static ImageSpool Create(string root, SpoolOwners? owners = null)
    {
        var spool = new ImageSpool(Path.GetFullPath(root));
        try
        {
            // The folder first: once it is the server's, nobody can put a link in the place of those below.
            spool.Make(spool.Root, Posix.ReadableFolder, owners is null ? null : (owners.ServerUser, owners.ServerGroup));
            spool.Make(spool.QueueFolder, WritableByBoth, owners is null ? null : (owners.ServerUser, owners.WorkerGroup));
            foreach (var folder in (string[])[spool.BuildingFolder, spool.ReadyFolder, spool.BlobFolder, spool.FailedFolder])
            {
                spool.Make(folder, Posix.ReadableFolder, owners is null ? null : (owners.WorkerUser, owners.WorkerGroup));
            }

            if (owners is not null)
            {
                // The worker may lock these, and make none of its own in the server's folder.
                SpoolLock.Make(spool.WorkerLock);
                SpoolLock.Make(spool.PublishLock);
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException(
                $"{spool.Root} cannot be set up by this user: {e.Message} Start the server or the worker once as root, "
                + "which makes the folder and gives it to the build user.", e);
        }

        return spool;
    }

    /// <summary>Whether a text can be an image key: a file name without surprises.</summary>
    public static bool IsKey(string key) => KeyPattern().IsMatch(key);

    /// <summary>Whether a text can be an image id.</summary>
    public static bool IsId(string id) => IdPattern().IsMatch(id);

    internal string RequestFile(string key) => Path.Combine(QueueFolder, Key(key) + ".json");

    internal string BuildFolder(string key) => Path.Combine(BuildingFolder, Key(key));

    internal string BuildLock(string key) => Path.Combine(BuildingFolder, Key(key) + ".lock");

    internal string TakenRequestFile(string key) => Path.Combine(BuildFolder(key), "request.json");

    internal string ProgressFile(string key) => Path.Combine(BuildFolder(key), "progress.json");

    internal string LogFile(string key) => Path.Combine(BuildFolder(key), "log.txt");

    internal string ReadyFile(string key) => Path.Combine(ReadyFolder, Key(key) + ".json");

    internal string FailedFile(string key) => Path.Combine(FailedFolder, Key(key) + ".json");

    internal string BlobFile(string id) =>
        IsId(id) ? Path.Combine(BlobFolder, id + ".tar.zst") : throw new ArgumentException($"'{id}' is not an image id.", nameof(id));

    /// <summary>The keys that have a JSON file in one of the spool's folders.</summary>
    internal static IEnumerable<string> KeysIn(string folder) =>
        Directory.EnumerateFiles(folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Where(IsKey);

    private static string Key(string key) =>
        IsKey(key) ? key : throw new ArgumentException($"'{key}' is not an image key.", nameof(key));

    /// <param name="owner">User and group, set where the caller is root; null leaves the folder as it is, or to the caller.</param>
    private void Make(string folder, UnixFileMode mode, (uint User, uint Group)? owner)
    {
        var gives = Posix.EffectiveUserId == 0 && owner is not null;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
        }
        else if (!gives)
        {
            return;
        }
        else if (folder != Root && new DirectoryInfo(folder).LinkTarget is { } target)
        {
            throw new IOException($"{folder} is a link to {target}: whoever may write {Root} could lead root anywhere. Remove it.");
        }

        if (gives)
        {
            Posix.ChangeOwner(folder, owner!.Value.User, owner.Value.Group);
        }

        // The umask took bits away, and chown may clear setgid.
        Posix.ChangeMode(folder, mode);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,127}\z")]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z")]
    private static partial Regex IdPattern();
}
