namespace NetDeploy.Server.Leases;

/// <summary>The journal is broken where it cannot be a torn write: sound records follow. The message has the remedy.</summary>
public sealed class JournalDamagedException : Exception
{
    public JournalDamagedException()
    {
    }

    public JournalDamagedException(string message)
        : base(message)
    {
    }

    public JournalDamagedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
