using Microsoft.Extensions.Logging;

namespace NetDeploy.Server;

/// <summary>The folders of the server's data, which no other user of this computer reads: documents hold password hashes, logs what a machine said.</summary>
internal static partial class DataFolders
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Makes what is missing, and closes what an older version, a copy or a person left open.</summary>
    /// <exception cref="UnauthorizedAccessException">They are another user's.</exception>
    public static void Prepare(string data, ILogger logger)
    {
        foreach (var folder in (string[])[ServerPaths.State(data), ServerPaths.Keys(data), ServerPaths.Documents(data), ServerPaths.Bulk(data)])
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            var mode = File.GetUnixFileMode(folder);
            if ((mode & Others) != 0)
            {
                File.SetUnixFileMode(folder, mode & ~Others);
                Closed(logger, folder, Convert.ToString((int)mode, 8));
            }
        }
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Other users could enter {Folder} (mode {Mode}); it is closed to them now. If they may have read it, change what it holds")]
    private static partial void Closed(ILogger logger, string folder, string mode);
}
