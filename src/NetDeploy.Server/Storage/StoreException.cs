namespace NetDeploy.Server.Storage;

/// <summary>The store cannot be opened or written. The message says what to do, for the operator.</summary>
public sealed class StoreException : Exception
{
    public StoreException()
    {
    }

    public StoreException(string message)
        : base(message)
    {
    }

    public StoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
