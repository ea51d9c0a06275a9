using System.Collections.Concurrent;
using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>Files in memory; <see cref="Gate"/> holds every opening until it is released.</summary>
internal sealed class MemoryContent : ITftpContent
{
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Paths that are refused, with the reason.</summary>
    public ConcurrentDictionary<string, string> Refused { get; } = new();

    public Func<byte[], Stream> Open { get; set; } = bytes => new MemoryStream(bytes, writable: false);

    public async ValueTask<TftpReply?> OpenAsync(TftpReadRequest request, CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        return Refused.TryGetValue(request.Path, out var reason) ? new TftpRefusal(reason)
            : Files.TryGetValue(request.Path, out var bytes) ? new TftpFile(Open(bytes), bytes.Length) : null;
    }

    /// <summary>A file of bytes that no other length or seed has.</summary>
    public byte[] Add(string path, int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return Files[path] = bytes;
    }
}

/// <summary>What the engine said, as lines.</summary>
internal sealed class RecordingObserver : ITftpObserver
{
    private readonly ConcurrentQueue<string> _facts = new();

    public void Completed(TftpReadRequest request, long bytes, TimeSpan duration) => _facts.Enqueue($"completed {request.Path} {bytes}");

    public void Failed(TftpReadRequest request, string reason) => _facts.Enqueue($"failed {request.Path}: {reason}");

    public void NotFound(TftpReadRequest request) => _facts.Enqueue($"not found {request.Path}");

    public void Stopped(TftpReadRequest request, TftpErrorCode code, long bytes) => _facts.Enqueue($"stopped {request.Path} {(int)code} {bytes}");

    /// <summary>Waits until as many facts were seen, and gives them all.</summary>
    public async Task<IReadOnlyList<string>> SeenAsync(int count = 1)
    {
        for (var i = 0; i < 500 && _facts.Count < count; i++)
        {
            await Task.Delay(10);
        }

        return [.. _facts];
    }
}
