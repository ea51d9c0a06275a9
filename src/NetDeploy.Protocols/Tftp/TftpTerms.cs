using System.Collections.Immutable;
using System.Globalization;

namespace NetDeploy.Protocols.Tftp;

/// <summary>What client and server agreed on for one read (RFC 2347 to 2349, RFC 7440).</summary>
/// <param name="Length">Bytes in the file.</param>
/// <param name="BlockSize">Bytes of payload in each block but the last.</param>
/// <param name="WindowSize">Blocks before an ACK.</param>
/// <param name="Timeout">What the client asked for, if it did.</param>
/// <param name="Agreed">The options of the OACK; none: no OACK, the first block is the answer.</param>
public sealed record TftpTerms(
    long Length, int BlockSize, int WindowSize, TimeSpan? Timeout, ImmutableArray<TftpOption> Agreed, TftpRollover Rollover)
{
    /// <summary>The last block is shorter than the others; after a file of an exact multiple it is empty.</summary>
    public long BlockCount => (Length / BlockSize) + 1;

    /// <summary>The 16-bit block number comes round: some firmware cannot follow that.</summary>
    public bool RollsOver => BlockCount > ushort.MaxValue;

    /// <summary>Bytes of payload in a block from 1 to <see cref="BlockCount"/>.</summary>
    public int PayloadLength(long block) => block < BlockCount ? BlockSize : (int)(Length % BlockSize);

    /// <summary>Where the payload of a block begins in the file.</summary>
    public long Offset(long block) => (block - 1) * BlockSize;

    /// <summary>
    /// Grants what was asked, never more and nothing else: EDK2 calls any other OACK malformed. An unknown option,
    /// or a value outside of its RFC's range, is left out, which is the RFC's way to say no.
    /// </summary>
    public static TftpTerms Negotiate(TftpRequest request, long length, TftpLimits limits)
    {
        // Without an agreement both sides must use 512 (RFC 2348), whatever the path's MTU is.
        var blockSizeAsked = Number(request, TftpOption.BlockSize, TftpLimits.SmallestBlockSize, ushort.MaxValue);
        var blockSize = blockSizeAsked is { } asked ? (int)Math.Min(asked, limits.BlockSize) : TftpLimits.DefaultBlockSize;
        var windowSize = 1;
        TimeSpan? timeout = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var agreed = ImmutableArray.CreateBuilder<TftpOption>();
        foreach (var (name, value) in request.Options)
        {
            if (!seen.Add(name))
            {
                continue;
            }

            switch (name)
            {
                case TftpOption.BlockSize when blockSizeAsked is not null:
                    agreed.Add(new TftpOption(name, Text(blockSize)));
                    break;
                case TftpOption.WindowSize when Number(request, name, 1, ushort.MaxValue) is { } window:
                    windowSize = (int)Math.Min(window, Math.Min(limits.WindowSize, Math.Max(1, limits.WindowBytes / blockSize)));
                    agreed.Add(new TftpOption(name, Text(windowSize)));
                    break;
                case TftpOption.Timeout when Number(request, name, 1, 255) is { } seconds:
                    timeout = TimeSpan.FromSeconds(seconds);
                    agreed.Add(new TftpOption(name, value));
                    break;
                case TftpOption.TransferSize when Number(request, name, 0, long.MaxValue) is not null:
                    agreed.Add(new TftpOption(name, Text(length)));
                    break;
            }
        }

        return new TftpTerms(length, blockSize, windowSize, timeout, agreed.ToImmutable(), limits.Rollover);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static long? Number(TftpRequest request, string name, long min, long max) =>
        long.TryParse(request.Option(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : null;
}
