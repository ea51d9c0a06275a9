using System.Collections.Immutable;
using System.Security.Cryptography;
using NetDeploy.Core.Images;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// The server's side of the spool: finds images, asks for them, waits for them. It runs nothing and deletes nothing.
/// Safe for concurrent use; several servers may share a spool.
/// </summary>
/// <param name="pinned">The ids of images that a deployment needs; the worker keeps their blobs.</param>
public sealed class ImageStore(ImageSpool spool, TimeProvider time, Func<ISet<string>> pinned)
{
    /// <summary>Requests that may wait at once; more are refused.</summary>
    public const int MaximumQueued = 256;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);
    private readonly Lock _writing = new();
    private readonly Lock _checking = new();
    private readonly Dictionary<string, (string Id, long Bytes, DateTime Written)> _checked = [];

    /// <summary>Whether some worker serves this spool. Without one, requests wait.</summary>
    public bool WorkerIsRunning => SpoolLock.IsHeld(spool.WorkerLock);

    /// <summary>The keys whose last build failed and that nobody requested since.</summary>
    public ImmutableArray<ImageBuildFailure> Failures =>
        [.. ImageSpool.KeysIn(spool.FailedFolder).Order(StringComparer.Ordinal)
            .Select(State).OfType<ImageState.Failed>().Select(state => state.Failure)];

    /// <summary>All images, by key.</summary>
    public ImmutableArray<ImageEntry> Entries =>
        [.. ImageSpool.KeysIn(spool.ReadyFolder).Order(StringComparer.Ordinal).Select(Find).OfType<ImageEntry>()];

    /// <summary>The images of a key, or null when none was built yet.</summary>
    /// <exception cref="InvalidDataException">The index entry is damaged; the message names file and remedy.</exception>
    public ImageEntry? Find(string key)
    {
        var path = spool.ReadyFile(key);
        var entry = SpoolFile.Read(path, ImageJson.Default.ImageEntry);
        return entry is null || entry.Earlier.Prepend(entry.Current).All(image => ImageSpool.IsId(image.Id))
            ? entry
            : throw SpoolFile.Damaged(path, "the id of an image in it is no SHA-256", null);
    }

    /// <summary>Asks for an image. Nothing happens when it exists, or is queued or being built; a failure is tried again.</summary>
    /// <exception cref="IOException">The queue is full, or the disk is.</exception>
    public void Request(string key, ImageSpec spec)
    {
        lock (_writing)
        {
            if (!IsPending(key) && Find(key) is null)
            {
                Enqueue(key, spec, afterGeneration: 0);
            }
        }
    }

    /// <summary>
    /// Asks for a new build of an image from the repositories' state of now. Joins a build that is pending
    /// already. The image so far stays current until the new one is published, and is then kept as an earlier one.
    /// </summary>
    /// <exception cref="IOException">The queue is full, or the disk is.</exception>
    public void Refresh(string key, ImageSpec spec)
    {
        lock (_writing)
        {
            if (!IsPending(key))
            {
                Enqueue(key, spec, Find(key)?.Generation ?? 0);
            }
        }
    }

    public ImageState State(string key)
    {
        // A key moves from queue to building to ready or failed, and each place is filled before the one before it
        // is emptied: reading in that order never misses it.
        if (File.Exists(spool.RequestFile(key)))
        {
            return new ImageState.Pending(new(ImageBuildStep.Queued, 0, WorkerIsRunning ? "waits for the worker" : "no worker is running"));
        }

        if (File.Exists(spool.TakenRequestFile(key)))
        {
            return new ImageState.Pending(
                SpoolFile.Read(spool.ProgressFile(key), ImageJson.Default.ImageBuildProgress)
                ?? new(ImageBuildStep.Queued, 0, "starts"));
        }

        if (SpoolFile.Read(spool.FailedFile(key), ImageJson.Default.ImageBuildFailure) is { } failure)
        {
            return new ImageState.Failed(failure);
        }

        return Find(key) is { } entry ? new ImageState.Ready(entry) : new ImageState.Absent();
    }

    /// <summary>Waits until a requested image is ready, and checks that its bytes are those that its id names.</summary>
    /// <param name="progress">Told of each change; may be null.</param>
    /// <exception cref="ImageBuildException">The build failed.</exception>
    /// <exception cref="InvalidOperationException">Nobody requested this key.</exception>
    /// <exception cref="IOException">The blob is missing, or holds something else.</exception>
    public async Task<ImageEntry> WaitAsync(string key, IProgress<ImageBuildProgress>? progress, CancellationToken cancellationToken)
    {
        ImageBuildProgress? told = null;
        while (true)
        {
            switch (State(key))
            {
                case ImageState.Ready ready:
                    await Task.Run(() => Check(ready.Entry), cancellationToken).ConfigureAwait(false);
                    return ready.Entry;
                case ImageState.Failed failed:
                    throw new ImageBuildException(failed.Failure);
                case ImageState.Pending pending:
                    if (pending.Progress != told)
                    {
                        progress?.Report(told = pending.Progress);
                    }

                    await Task.Delay(PollInterval, time, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw new InvalidOperationException($"Image {key} was not requested.");
            }
        }
    }

    /// <summary>
    /// Opens an image by id: the <c>.tar.zst</c>, seekable. The open stream stays whole when the worker removes the blob meanwhile.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such image (any more).</exception>
    public FileStream Open(string id)
    {
        var path = spool.BlobFile(id);
        var handle = Posix.OpenFileNoFollow(path)
            ?? throw new FileNotFoundException($"Image {id} is not in {spool.BlobFolder}. Request its recipe's image again.", path);
        var blob = new FileStream(handle, FileAccess.Read);
        if (!blob.CanSeek)
        {
            blob.Dispose();
            throw new IOException($"{path} is no file. Remove it and request the image again.");
        }

        return blob;
    }

    /// <summary>
    /// Tells the worker which blobs deployments need. Call it after a deployment took or dropped an image, and look
    /// afterwards that the blob of a taken one exists (<see cref="Open"/>): then it stays.
    /// </summary>
    public void PublishPins()
    {
        lock (_writing)
        {
            SpoolFile.Write(spool.PinFile, new ImagePins([.. pinned()]), ImageJson.Default.ImagePins);
        }
    }

    /// <summary>
    /// The worker's index is a claim: a deployment takes an image's id only when the bytes have that hash. Once a blob is checked
    /// that is remembered; what changes it later is found by the machine, which hashes what it unpacks.
    /// </summary>
    private void Check(ImageEntry entry)
    {
        // One at a time: many machines that share an image wait for one reading of it.
        lock (_checking)
        {
            using var blob = Open(entry.Id);
            var seen = (entry.Id, blob.Length, File.GetLastWriteTimeUtc(blob.SafeFileHandle));
            if (_checked.GetValueOrDefault(entry.Key) == seen)
            {
                return;
            }

            var hash = Convert.ToHexStringLower(SHA256.HashData(blob));
            _checked[entry.Key] = hash == entry.Id
                ? seen
                : throw new IOException($"{spool.BlobFile(entry.Id)} holds something else: its SHA-256 is {hash}. Refresh the image, then deploy again.");
        }
    }

    private bool IsPending(string key) => File.Exists(spool.RequestFile(key)) || File.Exists(spool.TakenRequestFile(key));

    private void Enqueue(string key, ImageSpec spec, long afterGeneration)
    {
        if (ImageSpool.KeysIn(spool.QueueFolder).Take(MaximumQueued).Count() == MaximumQueued)
        {
            throw new IOException(
                $"{MaximumQueued} image builds wait in {spool.QueueFolder}. Check that a worker runs: netdeploy worker --images DIR.");
        }

        PublishPins();
        var request = new ImageBuildRequest
        {
            Key = key,
            Spec = spec,
            RequestedAt = time.GetUtcNow(),
            AfterGeneration = afterGeneration,
        };
        SpoolFile.Write(spool.RequestFile(key), request, ImageJson.Default.ImageBuildRequest);
    }
}
