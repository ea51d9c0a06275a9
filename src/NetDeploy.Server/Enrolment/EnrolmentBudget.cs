namespace NetDeploy.Server.Enrolment;

/// <summary>How many machines may be enrolled a minute: each costs a revision of the documents, and MACs are easily made up.</summary>
internal sealed class EnrolmentBudget(TimeProvider clock)
{
    public const int PerMinute = 60;

    private readonly Queue<long> _spent = new();
    private readonly Lock _gate = new();

    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                while (_spent.TryPeek(out var first) && clock.GetElapsedTime(first) >= TimeSpan.FromMinutes(1))
                {
                    _spent.Dequeue();
                }

                return _spent.Count < PerMinute;
            }
        }
    }

    /// <summary>A machine was enrolled. Attempts that came to nothing cost nothing: a machine that waits asks every few seconds.</summary>
    public void Spend()
    {
        lock (_gate)
        {
            _spent.Enqueue(clock.GetTimestamp());
        }
    }
}
