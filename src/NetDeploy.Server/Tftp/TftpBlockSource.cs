using System.Buffers;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tftp;

/// <summary>
/// A file, read ahead in two chunks on the thread pool, so that no disk ever stops the engine's loop. The loop's thread calls
/// everything but <see cref="LoadFirst"/> and <see cref="Execute"/>. The second chunk begins one window before the end
/// of the first: a window therefore lies in one chunk whole, and a rewind finds its blocks still there.
/// </summary>
internal sealed class TftpBlockSource(TftpFile file) : IThreadPoolWorkItem, IDisposable
{
    internal const int ChunkLength = 2 * TftpLimits.MaxWindowBytes;

    private readonly Lock _gate = new();
    private Chunk _front;
    private Chunk _back;
    private Action? _loaded;
    private bool _loading;
    private bool _disposed;

    public long Length => file.Length;

    /// <summary>Why the file can no longer be read; null while it can.</summary>
    public string? Failure { get; private set; }

    /// <summary>Reads the first chunk, on the caller's thread.</summary>
    public void LoadFirst() => _front = Load(0, default);

    /// <summary>The bytes, if they are in memory. Else they are being fetched, and <paramref name="loaded"/> is called from another thread.</summary>
    public bool TryGet(long offset, int length, Action loaded, out ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!_front.Holds(offset, length) && !_loading && _back.Holds(offset, length))
            {
                (_front, _back) = (_back, _front);
            }

            if (_front.Holds(offset, length))
            {
                bytes = _front.Bytes.AsSpan((int)(offset - _front.Start), length);
                var ahead = _front.End - TftpLimits.MaxWindowBytes;
                if (_front.End < Length && _back.Start != ahead)
                {
                    BeginLoad(ahead, loaded);
                }

                return true;
            }

            bytes = default;
            BeginLoad(offset, loaded);
            return false;
        }
    }

    public void Execute()
    {
        var loaded = _loaded;
        var chunk = default(Chunk);
        string? failure = null;
        try
        {
            chunk = Load(_back.Start, _back);
        }
        catch (Exception e)
        {
            // Whatever a stream throws ends its own transfer, with this text, and never the process.
            failure = e.Message;
        }

        lock (_gate)
        {
            _loading = false;
            if (failure is null)
            {
                _back = chunk;
            }
            else
            {
                Failure = failure;
            }

            if (_disposed)
            {
                Release();
            }
        }

        loaded?.Invoke();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                if (!_loading)
                {
                    Release();
                }
            }
        }
    }

    private void BeginLoad(long start, Action loaded)
    {
        if (_loading || _disposed || Failure is not null)
        {
            return;
        }

        _loading = true;
        _loaded = loaded;
        _back = _back with { Start = start, Length = 0 };
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private Chunk Load(long start, Chunk reused)
    {
        var length = (int)Math.Min(ChunkLength, Length - start);
        var bytes = reused.Bytes ?? ArrayPool<byte>.Shared.Rent((int)Math.Clamp(Length, 1, ChunkLength));
        file.Content.Position = start;
        var read = file.Content.ReadAtLeast(bytes.AsSpan(0, length), length, throwOnEndOfStream: false);
        return read == length
            ? new Chunk(bytes, start, length)
            : throw new IOException($"the file became shorter while it was read: {start + read} of {Length} bytes are left");
    }

    private void Release()
    {
        foreach (var chunk in (ReadOnlySpan<Chunk>)[_front, _back])
        {
            if (chunk.Bytes is { } bytes)
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }

        _front = _back = default;
        file.Content.Dispose();
    }

    private readonly record struct Chunk(byte[]? Bytes, long Start, int Length)
    {
        public long End => Start + Length;

        public bool Holds(long offset, int length) => Bytes is not null && offset >= Start && offset + length <= End;
    }
}
