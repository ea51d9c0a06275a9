using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tftp;

/// <summary>Each fact once: to the log, to the metrics, to the observer.</summary>
internal sealed class TftpReporter(ITftpObserver observer, ILogger logger, TftpMetrics metrics)
{
    private const int MaxClientText = 128;
    private static readonly TimeSpan RefusalInterval = TimeSpan.FromSeconds(1);
    private TimeSpan? _refusalLoggedAt;

    public void Completed(TftpSession session, TimeSpan duration)
    {
        var terms = session.Transfer.Terms;
        logger.Completed(
            session.Read.Client, session.Read.Path, terms.Length, (long)duration.TotalMilliseconds, terms.BlockSize, terms.WindowSize, session.Transfer.Resends);
        metrics.Completed(duration);
        Notify(o => o.Completed(session.Read, terms.Length, duration));
    }

    public void Failed(TftpSession session, string outcome, string reason)
    {
        logger.Failed(session.Read.Client, session.Read.Path, reason);
        metrics.Ended(outcome);
        Notify(o => o.Failed(session.Read, reason));
    }

    public void NotFound(TftpSession session)
    {
        logger.NotFound(session.Read.Client, session.Read.Path);
        metrics.Ended("not-found");
        Notify(o => o.NotFound(session.Read));
    }

    /// <summary>An ERROR of the client. Two of them are how boot loaders say that they have enough.</summary>
    public void EndedByClient(TftpSession session, TftpError error, long bytes)
    {
        if (error.Code is TftpErrorCode.OptionNegotiationFailed or TftpErrorCode.NotDefined)
        {
            logger.Stopped(session.Read.Client, session.Read.Path, bytes, (int)error.Code);
            metrics.Ended("stopped");
            Notify(o => o.Stopped(session.Read, error.Code, bytes));
            return;
        }

        var text = new string([.. error.Message.Where(c => !char.IsControl(c)).Take(MaxClientText)]);
        Failed(session, "client-error", $"the client ended it with ERROR {(int)error.Code} after {bytes} bytes: {text}");
    }

    public void Replaced(TftpSession session)
    {
        logger.Replaced(session.Read.Client, session.Read.Path);
        metrics.Ended("replaced");
    }

    /// <summary>One line a second: a flood of requests must not become a flood of lines. The metrics count them all.</summary>
    public void Refused(IPEndPoint client, string decision, string reason, TimeSpan now)
    {
        metrics.Request(decision);
        if (_refusalLoggedAt is not { } last || now - last >= RefusalInterval)
        {
            _refusalLoggedAt = now;
            logger.Refused(client, reason);
        }
    }

    private void Notify(Action<ITftpObserver> fact)
    {
        try
        {
            fact(observer);
        }
        catch (Exception e)
        {
            // The observer is of another part of the server: its bug is logged, and no client pays for it.
            logger.ObserverFailed(e);
        }
    }
}
