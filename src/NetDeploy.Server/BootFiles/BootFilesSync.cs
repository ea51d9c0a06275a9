using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.BootFiles;

/// <summary><c>netdeploy bootfiles sync</c>, first half: the loaders, from Debian packages into the cache.</summary>
public static class BootFilesSync
{
    /// <returns>The folder with the loaders and their manifest.</returns>
    /// <remarks>Waits for another process that works on this cache.</remarks>
    /// <exception cref="BootFilesException">With fault and remedy; what was there before is unchanged.</exception>
    public static async Task<string> RunAsync(
        string cacheFolder, BootFilesOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        cacheFolder = Path.GetFullPath(cacheFolder);
        using var held = await BootFilesFolder.LockAsync(cacheFolder, progress, cancellationToken);
        return await RunHeldAsync(cacheFolder, options, progress, cancellationToken);
    }

    /// <summary>The same, for who holds the cache's lock: two at once would share apt's state.</summary>
    internal static async Task<string> RunHeldAsync(
        string cacheFolder, BootFilesOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var entries = LoaderList.Load(options.Sources);
        var script = Path.Combine(options.Sources, "debian-packages");
        var packages = BootFilesFolder.Packages(cacheFolder);
        progress?.Report($"reading the package lists of {options.Suite}");
        var list = await BootFilesScript.RunAsync(
            script,
            ["resolve", "--state", packages, .. BootFilesScript.SourceArguments(options), .. entries.Select(e => e.Package).Distinct()],
            progress,
            cancellationToken);

        var loaders = BootFilesFolder.Loaders(cacheFolder);
        var id = Id(list, entries);
        if (BootFilesCatalog.LoaderFaults(Path.Combine(loaders, id), entries, out _).IsEmpty)
        {
            progress?.Report($"loaders {id} are up to date");
        }
        else
        {
            await BuildAsync(loaders, id, list, entries, script, packages, options, progress, cancellationToken);
        }

        BootFilesFolder.Switch(loaders, id);
        return Path.Combine(loaders, id);
    }

    private static string Id(string list, ImmutableArray<LoaderEntry> entries)
    {
        var inputs = string.Join('\n', list.Split('\n').Select(l => string.Join(' ', l.Split(' ').Take(3))))
            + string.Join('\n', entries.Select(e => e.ToString()));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(inputs)))[..16];
    }

    private static async Task BuildAsync(
        string loaders, string id, string list, ImmutableArray<LoaderEntry> entries, string script, string packages,
        BootFilesOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var work = Path.Combine(loaders, $"building.{System.Environment.ProcessId}");
        try
        {
            var made = Directory.CreateDirectory(Path.Combine(work, "new")).FullName;
            var root = Path.Combine(work, "root");
            var listFile = Path.Combine(work, "list");
            await File.WriteAllTextAsync(listFile, list, cancellationToken);
            await BootFilesScript.RunAsync(
                script, ["unpack", "--state", packages, "--list", listFile, "--root", root], progress, cancellationToken);

            var versions = list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')).ToDictionary(w => w[0], w => w[1]);
            var installed = entries.Select(e => Install(e, versions[e.Package], root, made)).ToImmutableArray();
            new InstalledLoaders(options.Suite, installed).Write(made);

            var final = Path.Combine(loaders, id);
            if (Directory.Exists(final))
            {
                Directory.Delete(final, recursive: true);
            }

            Directory.Move(made, final);
            progress?.Report($"loaders {id}: {string.Join(", ", installed.Select(l => l.Name))}");
        }
        catch (IOException e)
        {
            const int NoSpace = 28;
            throw Posix.ErrorOf(e) == NoSpace
                ? new BootFilesException(BootFilesFault.DiskFull, e.Message, "free about 100 MB in the cache folder's file system")
                : new BootFilesException(BootFilesFault.Wrong, e.Message, $"check the permissions of {loaders}");
        }
        finally
        {
            if (Directory.Exists(work))
            {
                Directory.Delete(work, recursive: true);
            }
        }
    }

    private static InstalledLoader Install(LoaderEntry entry, string version, string root, string folder)
    {
        var source = Path.Combine(root, entry.File);
        if (!File.Exists(source))
        {
            throw new BootFilesException(
                BootFilesFault.Wrong, $"package {entry.Package} {version} holds no {entry.File}", "correct the row in bootfiles/loaders.yaml");
        }

        var target = Path.Combine(folder, entry.Name);
        File.Copy(source, target);
        // The packages' own licence texts go with the files.
        var copyright = Path.Combine(root, "usr/share/doc", entry.Package, "copyright");
        if (File.Exists(copyright))
        {
            var licences = Directory.CreateDirectory(Path.Combine(folder, "licences")).FullName;
            File.Copy(copyright, Path.Combine(licences, entry.Package), overwrite: true);
        }

        return new InstalledLoader(
            entry.Name, entry.Package, version, BootFilesFolder.Sha256(target), new FileInfo(target).Length, entry.Licence, entry.Prefix);
    }
}
