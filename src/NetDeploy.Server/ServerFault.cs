namespace NetDeploy.Server;

/// <summary>What keeps the server from starting or a request from being done, and what an operator does about it.</summary>
public sealed class ServerFault : Exception
{
    public ServerFault(string message, string remedy, Exception? inner = null)
        : base(message, inner) => Remedy = remedy;

    public ServerFault()
        : this("The server failed.", "Look at the server's log.")
    {
    }

    public ServerFault(string message)
        : this(message, "Look at the server's log.")
    {
    }

    public ServerFault(string message, Exception innerException)
        : this(message, "Look at the server's log.", innerException)
    {
    }

    public string Remedy { get; }
}
