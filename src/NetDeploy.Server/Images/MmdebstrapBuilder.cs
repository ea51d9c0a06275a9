using System.Security.Cryptography;
using NetDeploy.Core.Images;

namespace NetDeploy.Server.Images;

/// <summary>
/// Builds Debian images with mmdebstrap in user namespaces. Its tar streams through here once: checked
/// (<see cref="ImageTar"/>), compressed by zstd, hashed and written.
/// </summary>
internal sealed class MmdebstrapBuilder(WorkerIdentity identity, BuildLimits limits, string keyring) : IImageBuilder
{
    /// <summary>The exit status after SIGKILL.</summary>
    private const int Killed = 128 + 9;

    private static readonly string[] Tools = ["mmdebstrap", "newuidmap", "prlimit", "setpriv", "setsid", "zstd"];
    private static readonly TimeSpan CleaningTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SpaceInterval = TimeSpan.FromMilliseconds(250);

    public string Name => $"mmdebstrap/{ImageSpec.BuilderVersion}";

    public async Task<ImageBuildResult> BuildAsync(
        ImageSpec spec, ImageBuildRoom room, IProgress<ImageBuildProgress> progress, CancellationToken cancellationToken)
    {
        CheckBefore(spec, room.Folder);
        MmdebstrapCommand.WriteFiles(room.Folder, spec, keyring);
        var environment = MmdebstrapCommand.Environment(room.Folder);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var build = await BuildProcess.StartAsync(
            identity, MmdebstrapCommand.Arguments(room.Folder, spec, limits), room.Folder, environment).ConfigureAwait(false);
        using var compressor = await BuildProcess.StartAsync(
            identity, MmdebstrapCommand.Compressor(), "/", environment).ConfigureAwait(false);
        build.Input.Close();

        var log = ReadLogAsync(build.Error, room.Log, progress);
        var compressorLog = ReadLogAsync(compressor.Error, room.Log, progress);
        // One broken end of the pipe would leave the other waiting.
        var looking = OrKill(Task.Run(() => Look(build.Output, compressor.Input), CancellationToken.None), build, compressor);
        var writing = OrKill(WriteAsync(compressor.Output, room.Output), build, compressor);
        var work = Task.WhenAll(looking, writing, log, compressorLog, build.Exit, compressor.Exit);
        var guard = GuardAsync(room.Folder, stop.Token);
        if (await Task.WhenAny(work, guard).ConfigureAwait(false) == guard)
        {
            build.Kill();
            compressor.Kill();
        }

        await stop.CancelAsync().ConfigureAwait(false);
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((Task)guard).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return guard.IsCompletedSuccessfully
            ? throw await guard.ConfigureAwait(false)
            : await ResultAsync(build, looking, writing, compressor, room).ConfigureAwait(false);
    }

    public async Task CleanAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        // The trees belong to subordinate users: only in their namespace can an unprivileged user remove the content.
        // (mmdebstrap.gpghome.XXXX is the build user's own. No pattern tells it: to .NET "a.*.*" matches "a.b" too, as in DOS.)
        var trees = Directory.GetDirectories(folder, "mmdebstrap.*").Where(tree => Path.GetFileName(tree).Count(c => c == '.') == 1).ToArray();
        if (trees.Length > 0)
        {
            using var process = await BuildProcess.StartAsync(
                identity,
                ["mmdebstrap", "--unshare-helper", "find", .. trees, "-xdev", "-mindepth", "1", "-delete"],
                folder,
                MmdebstrapCommand.Environment(folder)).ConfigureAwait(false);
            var text = process.Error.ReadToEndAsync(cancellationToken);
            var status = await process.Exit.WaitAsync(CleaningTime, cancellationToken).ConfigureAwait(false);
            if (status != 0)
            {
                throw new IOException($"{folder} cannot be cleaned: {(await text.ConfigureAwait(false)).Trim()}");
            }

            foreach (var tree in trees)
            {
                Directory.Delete(tree);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Everything has ended; what failed first, says why.</summary>
    private static async Task<ImageBuildResult> ResultAsync(
        BuildProcess build, Task<ImageTarReport> looking, Task<(string Id, long Bytes)> writing, BuildProcess compressor, ImageBuildRoom room)
    {
        if (writing.IsFaulted)
        {
            await writing.ConfigureAwait(false);
        }

        var status = await build.Exit.ConfigureAwait(false);
        if (looking.IsFaulted && status is 0 or Killed && looking.Exception?.GetBaseException() is InvalidDataException damaged)
        {
            throw new ImageBuilderException(ImageFailureKind.Other, damaged.Message, "The log's last lines say more.", damaged);
        }

        if (status != 0)
        {
            throw MmdebstrapFailure.From(room.Log.Tail, status);
        }

        var report = await looking.ConfigureAwait(false);
        var (id, bytes) = await writing.ConfigureAwait(false);
        if (await compressor.Exit.ConfigureAwait(false) is var zstd and not 0)
        {
            throw new ImageBuilderException(ImageFailureKind.Other, $"zstd ended with status {zstd}.", "The log's last lines say more.");
        }

        return report.Faults.IsEmpty
            ? new(id, bytes, report.UnpackedBytes, report.Packages)
            : throw new ImageBuilderException(
                ImageFailureKind.Identity,
                $"The image holds what belongs to one machine: {string.Join("; ", report.Faults)}.",
                "Remove it at the end of a build script; make it at deployment.");
    }

    private static async Task<T> OrKill<T>(Task<T> part, BuildProcess build, BuildProcess compressor)
    {
        try
        {
            return await part.ConfigureAwait(false);
        }
        catch
        {
            build.Kill();
            compressor.Kill();
            throw;
        }
    }

    private static async Task ReadLogAsync(StreamReader text, BuildLog log, IProgress<ImageBuildProgress> progress)
    {
        var reading = new MmdebstrapProgress();
        await foreach (var line in BoundedLines.ReadAsync(text, BuildLog.MaximumLineCharacters).ConfigureAwait(false))
        {
            log.Write(line);
            if (reading.Read(line) is { } step)
            {
                progress.Report(step);
            }
        }
    }

    private static async Task<(string Id, long Bytes)> WriteAsync(Stream compressed, string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        await using (file.ConfigureAwait(false))
        {
            var buffer = new byte[1 << 18];
            int count;
            while ((count = await compressed.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                hash.AppendData(buffer, 0, count);
                await file.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }

            file.Flush(flushToDisk: true);
            return (Convert.ToHexStringLower(hash.GetHashAndReset()), file.Length);
        }
    }

    private ImageTarReport Look(Stream tar, Stream compressor)
    {
        using (compressor)
        {
            var tee = new TeeStream(tar, compressor, limits.FileBytes);
            var report = ImageTar.Read(tee);
            tee.CopyTo(Stream.Null);
            return report;
        }
    }

    private void CheckBefore(ImageSpec spec, string folder)
    {
        if (ImageSpecRules.FirstFault(spec) is { } fault)
        {
            throw new ImageBuilderException(ImageFailureKind.InvalidSpec, fault, "Correct it in the profile or the distro.");
        }

        var path = MmdebstrapCommand.Environment(folder)["PATH"].Split(':');
        if (Tools.Where(tool => !path.Any(bin => File.Exists(Path.Combine(bin, tool)))).ToArray() is { Length: > 0 } missing)
        {
            throw new ImageBuilderException(
                ImageFailureKind.ToolMissing, $"Not installed: {string.Join(", ", missing)}.", "As root: apt-get install mmdebstrap uidmap util-linux zstd");
        }

        if (!File.Exists(keyring))
        {
            throw new ImageBuilderException(
                ImageFailureKind.ToolMissing, $"There are no keys to check repositories with: {keyring}.", "As root: apt-get install debian-archive-keyring");
        }

        for (var parent = new DirectoryInfo(folder); parent is not null; parent = parent.Parent)
        {
            if (!parent.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
            {
                throw new ImageBuilderException(
                    ImageFailureKind.BuildUser, $"The build's users cannot pass {parent.FullName}.", $"As root: chmod o+x {parent.FullName}");
            }
        }

        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < limits.FreeBytesToStart)
        {
            throw new ImageBuilderException(
                ImageFailureKind.DiskFull,
                $"{folder} has {free >> 20} MiB free; a build starts with {limits.FreeBytesToStart >> 20} MiB or more.",
                MmdebstrapFailure.DiskRemedy);
        }
    }

    /// <summary>Ends with the limit that was exceeded; cancelled when the build is over.</summary>
    private async Task<ImageBuilderException> GuardAsync(string folder, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        var drive = new DriveInfo(folder);
        while (TimeProvider.System.GetElapsedTime(start) < limits.Time)
        {
            await Task.Delay(SpaceInterval, cancellationToken).ConfigureAwait(false);
            var free = drive.AvailableFreeSpace;
            if (free < limits.FreeBytesToLeave)
            {
                return new(
                    ImageFailureKind.DiskFull,
                    $"The disk is nearly full: the build was stopped with {free >> 20} MiB free, {limits.FreeBytesToLeave >> 20} MiB must stay.",
                    MmdebstrapFailure.DiskRemedy);
            }
        }

        return new(
            ImageFailureKind.TimeLimit,
            $"The build was stopped after {limits.Time.TotalMinutes:0.##} minutes, its time limit.",
            "The log's last lines show where it was. A slow mirror: use a nearer one. A script that waits for input: it gets none.");
    }
}
