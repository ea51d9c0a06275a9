namespace NetDeploy.Server.Enrolment;

/// <summary>How many machines may be enrolled a minute: each costs a revision of the documents, and MACs are easily made up.</summary>
internal sealed class EnrolmentBudget(TimeProvider clock)
{
    public const int PerMinute = 60;

    /// <summary>Oldest first, those of attempts under way among them.</summary>
    private readonly LinkedList<long> _taken = new();
    private readonly Lock _gate = new();

    /// <summary>
    /// Room for one attempt, taken before it begins: packets that come at once cannot all find the last room. Null: there is none.
    /// What is not <see cref="Turn.Keep">kept</see> is given back: attempts that came to nothing cost nothing, since a machine that waits asks every few seconds.
    /// </summary>
    public Turn? TryTake()
    {
        lock (_gate)
        {
            while (_taken.First is { } first && clock.GetElapsedTime(first.Value) >= TimeSpan.FromMinutes(1))
            {
                _taken.RemoveFirst();
            }

            return _taken.Count < PerMinute ? new Turn(this, _taken.AddLast(clock.GetTimestamp())) : null;
        }
    }

    internal sealed class Turn(EnrolmentBudget budget, LinkedListNode<long> taken) : IDisposable
    {
        private bool _kept;

        /// <summary>A machine was enrolled.</summary>
        public void Keep() => _kept = true;

        public void Dispose()
        {
            lock (budget._gate)
            {
                // After a minute it is out of the list, kept or not.
                if (!_kept && taken.List is { } list)
                {
                    list.Remove(taken);
                }
            }
        }
    }
}
