using System.CommandLine;
using System.CommandLine.Parsing;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary>What several verbs take, and the server that they mean.</summary>
internal static class VerbOptions
{
    public const string DefaultData = "/var/lib/netdeploy";

    public static Option<DirectoryInfo> Data() => new("--data")
    {
        Description = $"The server's data folder; its socket lies there. Default: the running lab's, else {DefaultData}.",
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
    /// The server that the verb talks to: the one of <c>--data</c>, else of NETDEPLOY_DATA, else the lab's if one is up,
    /// else the installed one. An operator who just brought up a lab types no path.
    /// </summary>
    public static NetDeployClient Connect(ParseResult parsed, Option<DirectoryInfo> data) =>
        NetDeployClient.OverUnixSocket(Server.ServerPaths.Socket(DataFolder(parsed, data)));

    public static string DataFolder(ParseResult parsed, Option<DirectoryInfo> data) =>
        parsed.GetValue(data)?.FullName
        ?? Environment.GetEnvironmentVariable("NETDEPLOY_DATA")
        ?? (File.Exists(Server.ServerPaths.Socket(Lab.LabDefaults.ServerData)) ? Lab.LabDefaults.ServerData : DefaultData);
}
