namespace NetDeploy.Server.Tftp;

/// <summary>
/// When to look at which session. Deadlines mostly move later; the entry of a session is then left where it is, and looked at again
/// when it comes up, so that an ACK costs nothing here.
/// </summary>
internal sealed class TftpTimers
{
    private readonly PriorityQueue<TftpSession, TimeSpan> _queue = new();

    /// <summary>When <see cref="TakeDue"/> may have something; null when nothing is planned.</summary>
    public TimeSpan? Next => _queue.TryPeek(out _, out var due) ? due : null;

    public void Schedule(TftpSession session, TimeSpan deadline)
    {
        session.Deadline = deadline;
        if (deadline < session.TimerAt)
        {
            session.TimerAt = deadline;
            _queue.Enqueue(session, deadline);
        }
    }

    /// <summary>The next session whose deadline has passed; it has no timer then, until it is scheduled again.</summary>
    public TftpSession? TakeDue(TimeSpan now)
    {
        while (_queue.TryPeek(out var session, out var due) && due <= now)
        {
            _queue.Dequeue();
            if (session.State == TftpSessionState.Ended || due != session.TimerAt)
            {
                continue;
            }

            session.TimerAt = TimeSpan.MaxValue;
            if (session.Deadline <= now)
            {
                return session;
            }

            Schedule(session, session.Deadline);
        }

        return null;
    }
}
