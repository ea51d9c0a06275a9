namespace NetDeploy.Server.BootFiles;

/// <summary><c>netdeploy bootfiles build</c>: kernel and initramfs of the deploy environment, from Debian packages.</summary>
public static class DeployEnvironmentBuild
{
    /// <returns>The folder with <c>vmlinuz</c>, <c>initrd</c> and <c>manifest</c>.</returns>
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
        List<string> arguments =
        [
            "--out", BootFilesFolder.Environment(cacheFolder),
            "--packages", BootFilesFolder.Packages(cacheFolder),
            .. BootFilesScript.SourceArguments(options),
        ];
        if (!options.Firmware.IsDefaultOrEmpty)
        {
            arguments.AddRange(["--firmware", string.Join(',', options.Firmware)]);
        }

        if (!options.Modules.IsDefaultOrEmpty)
        {
            arguments.AddRange(["--modules", string.Join(',', options.Modules)]);
        }

        var folder = await BootFilesScript.RunAsync(
            Path.Combine(options.Sources, "build-deploy-environment"), arguments, progress, cancellationToken);
        return folder.Trim();
    }
}
