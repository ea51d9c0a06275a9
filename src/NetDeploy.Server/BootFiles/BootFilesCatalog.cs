using System.Collections.Immutable;

namespace NetDeploy.Server.BootFiles;

/// <summary>A boot file that is missing or not what its manifest says.</summary>
public sealed record BootFileFault(string Name, string Reason, string Remedy)
{
    public override string ToString() => $"{Name}: {Reason}; remedy: {Remedy}";
}

/// <summary>
/// What can be served to firmware and loaders, verified when it was loaded: presence, length and SHA-256 of every
/// loader and of the deploy environment. A value: what changes on disk afterwards is seen by the next load.
/// </summary>
public sealed record BootFilesCatalog
{
    /// <summary>What <c>netdeploy bootfiles</c> fills, and the server reads, where nothing else is said.</summary>
    public const string DefaultFolder = "/var/cache/netdeploy/bootfiles";

    public const string SyncRemedy = "netdeploy bootfiles sync";
    public const string BuildRemedy = "netdeploy bootfiles build";

    /// <summary>The loaders that are intact, by the name under which they are served.</summary>
    public required ImmutableDictionary<string, BootFile> Loaders { get; init; }

    /// <summary>Null where it is missing or damaged.</summary>
    public DeployEnvironment? Environment { get; init; }

    /// <summary>The environment is intact, and was built from other scripts than this tree holds: it may not know what plans ask for.</summary>
    public bool Outdated { get; init; }

    /// <summary>What <see cref="Outdated"/> means to an operator; null where it does not hold.</summary>
    public string? Warning => Outdated
        ? $"The deploy environment {Environment?.BuildId} is older than this program: plans may ask for what it does not know, and are then refused before anything is written. Run {Command(BuildRemedy, Folder)}, then restart the server."
        : null;

    /// <summary>The distributions' own installers: looked at when a deployment asks for one.</summary>
    public InstallerShelf Installers { get; init; } = InstallerShelf.Empty;

    /// <summary>Where they lie.</summary>
    public string Folder { get; init; } = DefaultFolder;

    /// <summary>Empty: everything is there and intact.</summary>
    public required ImmutableArray<BootFileFault> Faults { get; init; }

    /// <summary>All of <see cref="Faults"/> as one, with the commands that mend it; null where there is none.</summary>
    public ServerFault? Fault => Faults.IsEmpty ? null : new ServerFault(
        $"Boot files are missing or damaged: {string.Join("; ", Faults.Select(f => $"{f.Name} {f.Reason}"))}.",
        $"Run {string.Join(" and ", Faults.Select(f => Command(f.Remedy, Folder)).Distinct())}.");

    /// <summary>The command for a folder: without the option it would fill another one.</summary>
    internal static string Command(string command, string cacheFolder) => cacheFolder == DefaultFolder ? command : $"{command} --cache {cacheFolder}";

    /// <summary>Reads and verifies a cache folder, without network. Never throws for what it finds there.</summary>
    /// <param name="cacheFolder">What <see cref="EnsureAsync"/> filled.</param>
    /// <param name="sources">The folder <c>bootfiles/</c>, whose <c>loaders.yaml</c> says what must be there.</param>
    /// <exception cref="BootFilesException"><c>loaders.yaml</c> itself is missing or wrong.</exception>
    public static BootFilesCatalog Load(string cacheFolder, string sources)
    {
        cacheFolder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(cacheFolder));
        var entries = LoaderList.Load(sources);
        var folder = BootFilesFolder.Current(BootFilesFolder.Loaders(cacheFolder));
        var faults = LoaderFaults(folder, entries, out var loaders);
        var environment = EnvironmentFaults(BootFilesFolder.Current(BootFilesFolder.Environment(cacheFolder)), out var built);
        return new BootFilesCatalog
        {
            Folder = cacheFolder,
            Loaders = loaders,
            Environment = built,
            Outdated = built is not null && DeployEnvironmentSources.Hash(sources) is { } now && built.Sources != now,
            Installers = new InstallerShelf(BootFilesFolder.Installers(cacheFolder)),
            Faults = [.. faults, .. environment],
        };
    }

    /// <summary>
    /// Makes what is missing, damaged or built from other sources than this tree's, and with <see cref="BootFilesOptions.Refresh"/>
    /// what the mirror has newer, then loads.
    /// Where all is intact, nothing is fetched. One process at a time works on a folder.
    /// </summary>
    /// <exception cref="BootFilesException">With fault and remedy.</exception>
    public static async Task<BootFilesCatalog> EnsureAsync(
        string cacheFolder, BootFilesOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        cacheFolder = Path.GetFullPath(cacheFolder);
        using var held = await BootFilesFolder.LockAsync(cacheFolder, progress, cancellationToken);
        var catalog = Load(cacheFolder, options.Sources);
        if (options.Refresh || catalog.Faults.Any(f => f.Remedy == SyncRemedy))
        {
            await BootFilesSync.RunHeldAsync(cacheFolder, options, progress, cancellationToken);
        }

        if (options.Refresh || catalog.Environment is null || catalog.Outdated)
        {
            await DeployEnvironmentBuild.RunHeldAsync(cacheFolder, options, progress, cancellationToken);
        }

        return Load(cacheFolder, options.Sources);
    }

    internal static ImmutableArray<BootFileFault> LoaderFaults(
        string? folder, ImmutableArray<LoaderEntry> entries, out ImmutableDictionary<string, BootFile> intact)
    {
        var known = folder is null ? [] : InstalledLoaders.Read(folder)?.Loaders.ToDictionary(l => l.Name) ?? [];
        var files = ImmutableDictionary.CreateBuilder<string, BootFile>();
        var faults = ImmutableArray.CreateBuilder<BootFileFault>();
        foreach (var entry in entries)
        {
            var reason = "was never fetched";
            if (folder is not null && known.TryGetValue(entry.Name, out var loader))
            {
                var file = new BootFile(Path.Combine(folder, loader.Name), loader.Sha256, loader.Bytes);
                reason = Damage(file);
                if (reason is null)
                {
                    files.Add(entry.Name, file);
                    continue;
                }
            }

            faults.Add(new BootFileFault(entry.Name, reason, SyncRemedy));
        }

        intact = files.ToImmutable();
        return faults.ToImmutable();
    }

    private static ImmutableArray<BootFileFault> EnvironmentFaults(string? folder, out DeployEnvironment? intact)
    {
        intact = null;
        if (folder is null || !DeployEnvironment.TryRead(folder, out var environment))
        {
            return [new BootFileFault("deploy environment", folder is null ? "was never built" : "its manifest is missing or damaged", BuildRemedy)];
        }

        var faults = new[] { environment.Kernel, environment.Initrd }
            .Select(f => (Name: Path.GetFileName(f.Path), Reason: Damage(f)))
            .Where(f => f.Reason is not null)
            .Select(f => new BootFileFault($"deploy environment: {f.Name}", f.Reason!, BuildRemedy))
            .ToImmutableArray();
        intact = faults.IsEmpty ? environment : null;
        return faults;
    }

    internal static string? Damage(BootFile file)
    {
        var info = new FileInfo(file.Path);
        if (!info.Exists)
        {
            return $"is missing in {info.DirectoryName}";
        }

        if (info.Length != file.Bytes)
        {
            return $"has {info.Length} bytes, its manifest says {file.Bytes}";
        }

        return BootFilesFolder.Sha256(file.Path) == file.Sha256 ? null : "is damaged: its SHA-256 is not that of its manifest";
    }
}
