using Microsoft.Extensions.Logging;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// The worker's loop: takes the oldest request, builds, publishes. Several workers may serve one spool; a key's lock
/// lets one of them build it. At each instant the spool is such that a next worker can go on from it: see README.md.
/// </summary>
/// <param name="checkpoint">Told the name of each durable step after it happened; tests stop there.</param>
internal sealed class ImageWorker(
    ImageSpool spool, IImageBuilder builder, int keepImages, Action<string> own, TimeProvider time, ILogger log, Action<string>? checkpoint = null)
{
    /// <summary>Builds of one request that may end with the death of their worker; then the request fails.</summary>
    public const int MaximumAttempts = 3;

    private static readonly TimeSpan IdleInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TemporaryFileLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);
    private readonly TimeProvider _time = time;
    private readonly Dictionary<string, long> _setAside = [];
    private readonly Action<string> _checkpoint = checkpoint ?? (_ => { });

    /// <summary>Works until cancelled. An error of the host (a full disk, a damaged file) is logged, and work goes on after a pause.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var alive = SpoolLock.Take(spool.WorkerLock, shared: true);
        var pruned = false;
        while (true)
        {
            var pause = IdleInterval;
            try
            {
                if (!pruned)
                {
                    Prune();
                    pruned = true;
                }

                if (await ProcessNextAsync(cancellationToken).ConfigureAwait(false))
                {
                    continue;
                }
            }
            catch (Exception e) when (IsHostFailure(e))
            {
                log.HostFailed(e.Message, spool.Root);
                pause = PauseAfterError;
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Handles one request. False: there is none that another worker does not hold.</summary>
    public async Task<bool> ProcessNextAsync(CancellationToken cancellationToken)
    {
        foreach (var key in Candidates())
        {
            if (_setAside.TryGetValue(key, out var since) && _time.GetElapsedTime(since) < PauseAfterError)
            {
                continue;
            }

            _setAside.Remove(key);
            try
            {
                using var building = SpoolLock.TryTake(spool.BuildLock(key));
                if (building is not null && await ProcessAsync(key, cancellationToken).ConfigureAwait(false))
                {
                    return true;
                }
            }
            catch (Exception e) when (IsHostFailure(e))
            {
                // One key's trouble must not keep the others waiting.
                log.KeyFailed(key, e.Message);
                _setAside[key] = _time.GetTimestamp();
            }
        }

        return false;
    }

    /// <summary>Removes what nobody needs: old images, and the temporary files of writers that died.</summary>
    public void Prune()
    {
        new ImagePublisher(spool, keepImages, _time, _checkpoint).Prune();
        var old = _time.GetUtcNow().UtcDateTime - TemporaryFileLife;
        foreach (var file in ((string[])[spool.QueueFolder, spool.ReadyFolder, spool.FailedFolder])
            .SelectMany(folder => Directory.EnumerateFiles(folder, $".*{SpoolFile.TemporaryMark}*")))
        {
            if (File.GetLastWriteTimeUtc(file) < old)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>First what a dead worker left, then the queue by age.</summary>
    private IEnumerable<string> Candidates() =>
        [
            .. Directory.EnumerateDirectories(spool.BuildingFolder).Select(folder => Path.GetFileName(folder)).Where(ImageSpool.IsKey),
            .. ImageSpool.KeysIn(spool.QueueFolder).OrderBy(key => File.GetLastWriteTimeUtc(spool.RequestFile(key))),
        ];

    /// <summary>The caller holds the key's lock. False: another worker was faster.</summary>
    private async Task<bool> ProcessAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            if (Take(key) is not { } request)
            {
                await RemoveFolderAsync(key, cancellationToken).ConfigureAwait(false);
                return false;
            }

            await HandleAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            await FailAsync(key, new(ImageFailureKind.InvalidSpec, e.Message, "Request the image again."), null, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Moves the request from the queue to the building folder, or finds there the one of a dead worker.</summary>
    private ImageBuildRequest? Take(string key)
    {
        var taken = spool.TakenRequestFile(key);
        if (File.Exists(spool.RequestFile(key)))
        {
            MakeFolder(spool.BuildFolder(key));
            File.Move(spool.RequestFile(key), taken, overwrite: true);
            Posix.SyncFolder(spool.BuildFolder(key));
            Posix.SyncFolder(spool.BuildingFolder);
            Posix.SyncFolder(spool.QueueFolder);
            _checkpoint("taken");
        }

        var request = SpoolFile.Read(taken, ImageJson.Default.ImageBuildRequest);
        return request is null || request.Key == key
            ? request
            : throw new InvalidDataException($"The request for {key} names the key {request.Key}.");
    }

    private async Task HandleAsync(ImageBuildRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key;
        await ClearRoomAsync(key, cancellationToken).ConfigureAwait(false);
        if (request.IsSatisfiedBy(SpoolFile.Read(spool.ReadyFile(key), ImageJson.Default.ImageEntry)))
        {
            await FinishAsync(key, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (request.Attempts >= MaximumAttempts)
        {
            await FailAsync(
                key,
                new(ImageFailureKind.WorkerDied, $"The worker died in each of {request.Attempts} builds.", "Look for an out-of-memory kill in the host's log; then deploy again."),
                null,
                cancellationToken).ConfigureAwait(false);
            return;
        }

        WriteTaken(request with { Attempts = request.Attempts + 1 });
        _checkpoint("attempt");
        // One that a worker left as root cannot be opened by the build user, but its folder is the build user's.
        File.Delete(spool.LogFile(key));
        using var buildLog = new BuildLog(spool.LogFile(key));
        try
        {
            await BuildAsync(request, buildLog, cancellationToken).ConfigureAwait(false);
            await FinishAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped, not dead: the next worker begins anew, and the attempt does not count.
            await ClearRoomAsync(key, CancellationToken.None).ConfigureAwait(false);
            WriteTaken(request);
            throw;
        }
        catch (ImageBuilderException e)
        {
            await FailAsync(key, e, buildLog, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await FailAsync(key, HostFailure(e), buildLog, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task BuildAsync(ImageBuildRequest request, BuildLog buildLog, CancellationToken cancellationToken)
    {
        var key = request.Key;
        var start = _time.GetTimestamp();
        var room = new ImageBuildRoom(WorkFolder(key), OutputFile(key), buildLog);
        MakeFolder(room.Folder);
        log.Building(key, request.Spec.Release);
        var result = await builder.BuildAsync(request.Spec, room, new ProgressFile(this, key), cancellationToken).ConfigureAwait(false);
        _checkpoint("built");
        WriteProgress(key, new(ImageBuildStep.Publish, 99, "puts the image into place"));
        var entry = new ImagePublisher(spool, keepImages, _time, _checkpoint).Publish(key, result, room.Output, builder.Name);
        var seconds = _time.GetElapsedTime(start).TotalSeconds;
        log.Built(key, entry.Id, entry.Current.Bytes, seconds);
    }

    private async Task FinishAsync(string key, CancellationToken cancellationToken)
    {
        SpoolFile.DeleteDurably(spool.FailedFile(key));
        _checkpoint("unfailed");
        await RemoveFolderAsync(key, cancellationToken).ConfigureAwait(false);
    }

    private async Task FailAsync(string key, ImageBuilderException reason, BuildLog? buildLog, CancellationToken cancellationToken)
    {
        // Room first: on a full disk the reason itself would not fit.
        await ClearRoomAsync(key, cancellationToken).ConfigureAwait(false);
        var failure = new ImageBuildFailure(key, reason.Kind, reason.Message, reason.Remedy, buildLog?.Tail ?? [], _time.GetUtcNow());
        SpoolFile.Write(spool.FailedFile(key), failure, ImageJson.Default.ImageBuildFailure);
        _checkpoint("failed");
        log.Failed(key, reason.Kind, reason.Message, reason.Remedy);
        await RemoveFolderAsync(key, cancellationToken).ConfigureAwait(false);
    }

    private async Task ClearRoomAsync(string key, CancellationToken cancellationToken)
    {
        await builder.CleanAsync(WorkFolder(key), cancellationToken).ConfigureAwait(false);
        File.Delete(OutputFile(key));
        _checkpoint("cleared");
    }

    private async Task RemoveFolderAsync(string key, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(spool.BuildFolder(key)))
        {
            return;
        }

        // The request goes last but the folder: without it, whoever waits looks for the result.
        await ClearRoomAsync(key, cancellationToken).ConfigureAwait(false);
        SpoolFile.DeleteDurably(spool.TakenRequestFile(key));
        _checkpoint("done");
        Directory.Delete(spool.BuildFolder(key), recursive: true);
    }

    private void MakeFolder(string folder)
    {
        Directory.CreateDirectory(folder);
        Posix.ChangeMode(folder, Posix.ReadableFolder);
        own(folder);
    }

    private void WriteTaken(ImageBuildRequest request) =>
        SpoolFile.Write(spool.TakenRequestFile(request.Key), request, ImageJson.Default.ImageBuildRequest);

    private void WriteProgress(string key, ImageBuildProgress progress)
    {
        try
        {
            SpoolFile.Write(spool.ProgressFile(key), progress, ImageJson.Default.ImageBuildProgress, durable: false);
        }
        catch (IOException e)
        {
            // Progress is for the eye only; a full disk is the build's to report.
            log.ProgressFailed(key, e.Message);
        }
    }

    private string WorkFolder(string key) => Path.Combine(spool.BuildFolder(key), "work");

    private string OutputFile(string key) => Path.Combine(spool.BuildFolder(key), "image.partial");

    private static bool IsHostFailure(Exception e) =>
        e is IOException or UnauthorizedAccessException or InvalidDataException or TimeoutException;

    private static ImageBuilderException HostFailure(IOException e)
    {
        const int noSpace = 28;
        const int quota = 122;
        const int fileTooBig = 27;
        return Posix.ErrorOf(e) is noSpace or quota or fileTooBig
            ? new(ImageFailureKind.DiskFull, $"The disk is full: {e.Message}", MmdebstrapFailure.DiskRemedy, e)
            : new(ImageFailureKind.Other, e.Message, "This is the worker's host's fault; its log says more.", e);
    }

    /// <summary>Writes progress a few times per second at most, and each new step.</summary>
    private sealed class ProgressFile(ImageWorker worker, string key) : IProgress<ImageBuildProgress>
    {
        private readonly Lock _writing = new();
        private ImageBuildProgress? _last;
        private long _at;

        public void Report(ImageBuildProgress value)
        {
            lock (_writing)
            {
                if (_last?.Step != value.Step || worker._time.GetElapsedTime(_at) >= ProgressInterval)
                {
                    (_last, _at) = (value, worker._time.GetTimestamp());
                    worker.WriteProgress(key, value);
                }
            }
        }
    }
}
