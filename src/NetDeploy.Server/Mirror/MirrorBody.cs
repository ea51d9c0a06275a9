using System.Security.Cryptography;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>The bytes of an answer. Whoever has it disposes it.</summary>
internal abstract class MirrorBody : IAsyncDisposable
{
    private const int Chunk = 128 * 1024;

    private MirrorBody()
    {
    }

    public abstract long Length { get; }

    /// <exception cref="MirrorFault">The rest does not come, or is wrong: what was written is not to be taken for the whole.</exception>
    public abstract Task CopyToAsync(Stream output, ByteRange range, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    internal sealed class InMemory(byte[] content) : MirrorBody
    {
        public override long Length => content.Length;

        public override Task CopyToAsync(Stream output, ByteRange range, CancellationToken cancellationToken) =>
            output.WriteAsync(content.AsMemory((int)range.Offset, (int)range.Count), cancellationToken).AsTask();

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    internal sealed class Stored(StoredFile file) : MirrorBody
    {
        public override long Length => file.Entry.Length;

        public override async Task CopyToAsync(Stream output, ByteRange range, CancellationToken cancellationToken)
        {
            var buffer = new byte[Chunk];
            for (var (at, left) = (range.Offset, range.Count); left > 0;)
            {
                var read = await RandomAccess.ReadAsync(file.Stream.SafeFileHandle, buffer.AsMemory(0, (int)Math.Min(left, Chunk)), at, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new MirrorFault($"{file.Entry.Key} was cut short on the disk", "Ask again: it is fetched anew.");
                }

                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                (at, left) = (at + read, left - read);
            }
        }

        public override ValueTask DisposeAsync()
        {
            file.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Of a download that is under way, which it leaves in the end.</summary>
    internal sealed class Arriving(MirrorDownload download) : MirrorBody
    {
        public override long Length => download.Length;

        public override async Task CopyToAsync(Stream output, ByteRange range, CancellationToken cancellationToken)
        {
            var buffer = new byte[Chunk];
            for (var (at, left) = (range.Offset, range.Count); left > 0;)
            {
                var there = await download.AvailableAsync(at, cancellationToken).ConfigureAwait(false) - at;
                var read = await RandomAccess.ReadAsync(download.Handle, buffer.AsMemory(0, (int)Math.Min(Math.Min(left, there), Chunk)), at, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new MirrorFault($"{download.Order.Path} was cut short on the disk", "Ask again: it is fetched anew.");
                }

                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                (at, left) = (at + read, left - read);
            }
        }

        public override ValueTask DisposeAsync()
        {
            download.Leave();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Straight from the upstream: there is no room to keep it. Its last bytes wait for the digest here too.</summary>
    internal sealed class Passing(UpstreamReply reply, IDisposable slot, MirrorPath path, string? sha256, MirrorCounters counters) : MirrorBody
    {
        private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(30);

        public override long Length => reply.Length ?? throw MirrorFault.NoRoom($"{path} comes without a length, and there is no room to keep it until it is known");

        public override async Task CopyToAsync(Stream output, ByteRange range, CancellationToken cancellationToken)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[MirrorDownload.HeldBack];
            var pending = 0;
            long at = 0;
            try
            {
                var body = await reply.Response!.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                while (await UpstreamBody.ReadAsync(body, buffer.AsMemory(pending), SilenceLimit, cancellationToken).ConfigureAwait(false) is > 0 and var read)
                {
                    counters.Fetched(read);
                    hash.AppendData(buffer, pending, read);
                    pending += read;
                    if (pending == buffer.Length)
                    {
                        // Half goes on; the other half is what is held back.
                        await WriteAsync(output, buffer.AsMemory(0, pending / 2), at, range, cancellationToken).ConfigureAwait(false);
                        at += pending / 2;
                        buffer.AsSpan(pending / 2, pending - (pending / 2)).CopyTo(buffer);
                        pending -= pending / 2;
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException || (e is IOException && !cancellationToken.IsCancellationRequested))
            {
                throw new MirrorFault($"{path} broke off: {e.Message}", "Ask again.", inner: e);
            }

            if (at + pending != Length || (sha256 is not null && Convert.ToHexStringLower(hash.GetHashAndReset()) != sha256))
            {
                throw new MirrorFault($"{path} is not the file that its index names", "Ask again in some minutes, or name another upstream.");
            }

            await WriteAsync(output, buffer.AsMemory(0, pending), at, range, cancellationToken).ConfigureAwait(false);
        }

        public override ValueTask DisposeAsync()
        {
            reply.Dispose();
            slot.Dispose();
            return ValueTask.CompletedTask;
        }

        private static async Task WriteAsync(Stream output, ReadOnlyMemory<byte> bytes, long at, ByteRange range, CancellationToken cancellationToken)
        {
            var from = Math.Clamp(range.Offset - at, 0, bytes.Length);
            var to = Math.Clamp(range.Offset + range.Count - at, 0, bytes.Length);
            if (to > from)
            {
                await output.WriteAsync(bytes[(int)from..(int)to], cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
