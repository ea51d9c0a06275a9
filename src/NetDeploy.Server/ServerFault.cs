namespace NetDeploy.Server;

/// <summary>What keeps the server from starting or a request from being done, and what an operator does about it.</summary>
public sealed class ServerFault(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    private const string Mark = " Remedy: ";

    public string Remedy { get; } = remedy;

    /// <summary>The parts below write one line with the remedy behind the word; here they come apart.</summary>
    /// <param name="otherwise">The remedy where the line has none.</param>
    public static ServerFault Of(Exception failure, string otherwise = "Look into the log; if that does not help, restart the server.") =>
        failure.Message.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at
            ? new ServerFault(failure.Message[..at], failure.Message[(at + Mark.Length)..], failure)
            : new ServerFault(failure.Message, otherwise, failure);
}
