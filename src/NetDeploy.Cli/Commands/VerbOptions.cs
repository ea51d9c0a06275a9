using System.CommandLine;
using System.CommandLine.Parsing;
using NetDeploy.Cli.Lab;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary>What several verbs take, and the server that they mean.</summary>
internal static class VerbOptions
{
    public const string DefaultData = "/var/lib/netdeploy";

    public static Option<DirectoryInfo> Data() => new("--data")
    {
        Description = $"The server's data folder; its socket lies there. Default: NETDEPLOY_DATA's, else that of the one server that answers here, a lab's or {DefaultData}'s; where several do, one must be named.",
    };

    public static Option<bool> Json() => new("--json") { Description = "Machine-readable output on standard output." };

    public static Argument<string> Name()
    {
        var name = new Argument<string>("name") { Description = "The machine." };
        name.Validators.Add(Named);
        return name;
    }

    /// <summary>Refuses names that no machine has and that would not even reach the server's route for machines.</summary>
    public static void Named(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(t => t.Value.Trim('.', ' ').Length == 0) is { } empty)
        {
            result.AddError($"'{empty.Value}' is no machine's name. List them with 'netdeploy machines'.");
        }
    }

    /// <summary>
    /// The server that the verb talks to: the one of <c>--data</c>, else of NETDEPLOY_DATA, else the only one that answers.
    /// An operator who just brought up a lab types no path.
    /// </summary>
    public static NetDeployClient Connect(ParseResult parsed, Option<DirectoryInfo> data) =>
        NetDeployClient.OverUnixSocket(Server.ServerPaths.Socket(DataFolder(parsed, data)),
            () => "Start one with 'netdeploy serve', or name its data folder with --data or NETDEPLOY_DATA." + Labs.Here.ServersHint());

    public static string DataFolder(ParseResult parsed, Option<DirectoryInfo> data) =>
        parsed.GetValue(data)?.FullName
        ?? NamedData
        ?? Labs.Here.DataFolder();

    /// <summary>What NETDEPLOY_DATA says; null where it is not set.</summary>
    public static string? NamedData => Environment.GetEnvironmentVariable("NETDEPLOY_DATA") is { Length: > 0 } named ? Path.GetFullPath(named) : null;
}
