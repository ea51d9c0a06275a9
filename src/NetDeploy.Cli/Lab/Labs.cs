using System.Net.Sockets;
using NetDeploy.Server;

namespace NetDeploy.Cli.Lab;

/// <summary>The labs of this computer, and which server a verb means that was given none: each lab is a folder below <paramref name="root"/>.</summary>
/// <param name="root">Also the data folder of a server that is no lab's.</param>
internal sealed class Labs(string root)
{
    public static Labs Here { get; } = new(LabDefaults.Root);

    /// <summary>Those whose supervisor listens, by name: a folder that a crash left is none.</summary>
    public IReadOnlyList<LabFolder> Running
    {
        get
        {
            try
            {
                return [.. Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal).Select(folder => new LabFolder(folder)).Where(lab => Answers(lab.ControlSocket))];
            }
            catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException)
            {
                // Nothing was ever installed, or it is another user's: what this user cannot see is no default for them.
                return [];
            }
        }
    }

    /// <summary>The data folder of the one server that answers, be it a lab's or not; the root where none does.</summary>
    /// <exception cref="UserFault">Several do: guessing might deploy to the wrong one.</exception>
    public string DataFolder() => Servers switch
    {
        [] => root,
        [var one] => one,
        var several => throw new UserFault("Several servers run here.", $"Name one: {string.Join(", or ", several.Select(folder => "--data " + folder))}. NETDEPLOY_DATA names it for all verbs."),
    };

    /// <summary>A verb as one types it for this lab's server.</summary>
    public string ServerCommand(LabFolder lab, string verb) =>
        $"netdeploy {verb}{(lab.IsDefault && Servers.Count <= 1 ? "" : " --data " + lab.ServerData)}";

    /// <summary>What ends a remedy that sends to another server; empty where no lab runs.</summary>
    public string ServersHint() => Running is { Count: > 0 } labs
        ? $" The labs that run: {string.Join(", ", labs.Select(lab => "--data " + lab.ServerData))}."
        : "";

    /// <summary>A lab that was named and does not run.</summary>
    /// <param name="verb">Of <c>netdeploy lab</c>: what was wanted of it.</param>
    public UserFault Absent(LabFolder lab, string verb) =>
        new($"There is no lab '{lab.Name}'.", $"{OthersHint(verb)} '{lab.Command("up")}' starts that one.");

    public string OthersHint(string verb) => Running is { Count: > 0 } labs
        ? $"These run: {string.Join("; ", labs.Select(lab => lab.Command(verb)))}."
        : "No lab runs.";

    public static bool Runs(LabFolder lab) => Answers(lab.ControlSocket);

    private IReadOnlyList<string> Servers => [.. Answers(ServerPaths.Socket(root)) ? [root] : Array.Empty<string>(), .. Running.Select(lab => lab.ServerData)];

    private static bool Answers(string socketPath)
    {
        if (!File.Exists(socketPath))
        {
            return false;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            return true;
        }
        catch (SocketException e)
        {
            // Another user's: whoever is sent there is told so, which helps more than that nobody answers.
            return e.SocketErrorCode == SocketError.AccessDenied;
        }
    }
}
