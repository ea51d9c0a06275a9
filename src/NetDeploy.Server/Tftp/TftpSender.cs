using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Tftp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tftp;

/// <summary>How far <see cref="TftpSender.Blocks"/> came.</summary>
internal enum TftpSendResult
{
    Done,

    /// <summary>The rest waits for the file; <see cref="TftpSession.Loaded"/> will be called.</summary>
    NeedsFile,

    /// <summary>The rest waits for room in the socket; try again soon.</summary>
    NeedsRoom,
}

/// <summary>Writes packets and hands them to the kernel, a window as one segmented send where the path allows it.</summary>
internal sealed class TftpSender(TftpMetrics metrics, ILogger logger)
{
    /// <summary>UDP_MAX_SEGMENTS of the kernels before 6.9.</summary>
    private const int MaxSegments = 64;

    /// <summary>The largest UDP payload over IPv4.</summary>
    private const int MaxSend = 65507;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(MaxSend, pinned: true);

    public void OptionAck(TftpSession session)
    {
        if (new TftpOptionAck(session.Transfer.Terms.Agreed).TryWrite(_buffer, out var written))
        {
            Deliver(session, _buffer.AsSpan(0, written), 0);
        }
    }

    /// <summary>Sends <see cref="TftpSession.Pending"/> and leaves there what could not go.</summary>
    public TftpSendResult Blocks(TftpSession session)
    {
        var terms = session.Transfer.Terms;
        var full = TftpData.HeaderLength + terms.BlockSize;
        while (session.Pending.BlockCount > 0)
        {
            var (_, first, left) = session.Pending;
            var count = session.OneByOne ? 1 : Math.Clamp(MaxSend / full, 1, Math.Min(left, MaxSegments));
            var last = first + count - 1;
            var length = ((count - 1) * terms.BlockSize) + terms.PayloadLength(last);
            if (!session.Source!.TryGet(terms.Offset(first), length, session.Loaded, out var payload))
            {
                return TftpSendResult.NeedsFile;
            }

            var at = 0;
            for (var block = first; block <= last; block++)
            {
                var size = terms.PayloadLength(block);
                _ = new TftpData(TftpBlockNumber.ToWire(block, terms.Rollover), payload[..size]).TryWrite(_buffer.AsSpan(at), out var written);
                payload = payload[size..];
                at += written;
            }

            switch (Deliver(session, _buffer.AsSpan(0, at), count > 1 ? full : 0))
            {
                case LibC.Eagain:
                    return TftpSendResult.NeedsRoom;
                case not 0 when count > 1:
                    // No segmentation here (a tunnel, an old driver, a smaller path MTU): the same blocks again, one by one.
                    session.OneByOne = true;
                    continue;
            }

            metrics.Sent.Add(length);
            session.Pending = session.Pending with { FirstBlock = last + 1, BlockCount = left - count };
        }

        return TftpSendResult.Done;
    }

    /// <summary>An ERROR to any peer. <paramref name="source"/> is the address it spoke to.</summary>
    public void Error(UdpSocket socket, in UdpAddress peer, in UdpAddress source, TftpErrorCode code, string message)
    {
        Span<byte> packet = stackalloc byte[512];
        if (new TftpError(code, message).TryWrite(packet, out var written)
            && socket.Send(packet[..written], peer, source) is not 0)
        {
            metrics.SendErrors.Add(1);
        }
    }

    private int Deliver(TftpSession session, ReadOnlySpan<byte> bytes, int segment)
    {
        UdpAddress? source = session.OwnsSocket ? null : session.Key.Server;
        var error = session.Socket!.Send(bytes, session.Key.Client, source, segment);
        if (error is not (0 or LibC.Eagain) && segment == 0)
        {
            metrics.SendErrors.Add(1);
            if (!session.SendFailureLogged)
            {
                session.SendFailureLogged = true;
                logger.SendFailed(session.Read.Client, LibC.Describe(error));
            }
        }

        return error;
    }
}
