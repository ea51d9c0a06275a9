namespace NetDeploy.Server;

/// <summary>What keeps the server from starting or a request from being done, and what an operator does about it.</summary>
public class ServerFault(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy { get; } = remedy;
}
