namespace NetDeploy.Server;

/// <summary>Where the server keeps what, below its data folder. The worker shares <see cref="Images"/> only.</summary>
public static class ServerPaths
{
    /// <summary>The management socket, mode 0600.</summary>
    public static string Socket(string data) => Path.Combine(data, "run", "netdeploy.sock");

    /// <summary>Applied documents.</summary>
    public static string Documents(string data) => Path.Combine(data, "documents");

    /// <summary>Leases, records and their journals.</summary>
    public static string State(string data) => Path.Combine(data, "state");

    /// <summary>Logs and rendered files by their SHA-256.</summary>
    public static string Bulk(string data) => Path.Combine(data, "bulk");

    /// <summary>Keys kept apart from the store: without them a copy of the store opens nothing.</summary>
    public static string Keys(string data) => Path.Combine(data, "keys");
}
