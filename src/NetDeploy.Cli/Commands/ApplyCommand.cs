using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy apply PATH</c>: hands the YAML documents of a file or folder to the server.</summary>
internal static class ApplyCommand
{
    /// <summary>What the answer waits for the machines to be rendered: longer than thousands take, and the documents are in force meanwhile.</summary>
    private const int WaitSeconds = 10;

    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "A YAML file, or a folder that is read with its subfolders." };
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var prune = new Option<bool>("--prune") { Description = "Remove the documents that the server holds and this path does not, and name them; with --check, name them only." };
        var check = new Option<bool>("--check") { Description = "Compile, render every machine and report; change nothing." };
        var revision = new Option<long?>("--revision") { Description = "Refuse unless the server's documents are at this revision." };
        var command = new Command("apply", "Make these documents the desired state. Documents that compile are in force, and the exit code is 0, also where a machine of theirs cannot be granted until it is mended: the output names it.") { path, data, json, prune, check, revision };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var documents = Read(parsed.GetRequiredValue(path));
            using var client = VerbOptions.Connect(parsed, data);
            var result = await client.ApplyAsync(
                new ApplyRequest(documents, parsed.GetValue(revision), parsed.GetValue(prune), parsed.GetValue(check), WaitSeconds),
                cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(result, NetDeployJson.Default.ApplyResult);
            }
            else
            {
                Output.Diagnostics([.. result.Diagnostics, .. result.Rendering?.Findings ?? []]);
                foreach (var line in Removed(result))
                {
                    Console.Out.WriteLine(line);
                }

                Console.Out.WriteLine(result.Applied
                    ? $"Applied {Output.Counted(result.Documents, "document")}: {Output.Counted(result.Machines, "machine")}, revision {result.Revision}.{Rendered(result.Rendering)}"
                    : parsed.GetValue(check) && result.Diagnostics.All(d => d.Severity != "error") ? "Checked: these documents compile, and every machine renders." : $"Nothing was changed; revision {result.Revision} keeps serving.");
            }

            return result.Applied || (parsed.GetValue(check) && result.Diagnostics.All(d => d.Severity != "error")) ? Invocation.Done : Invocation.NotDone;
        });
        return command;
    }

    /// <summary>The last look at what goes: of a check before it does.</summary>
    internal static IEnumerable<string> Removed(ApplyResult result) =>
        (result.Removed ?? []).Select(d => $"{(result.Applied ? "Removed" : "Would remove")} {d.Kind} {d.Name} ({d.File}).");

    /// <summary>What to know of the machines that these documents touch; nothing where all is well.</summary>
    private static string Rendered(RenderingView? rendering) => rendering switch
    {
        null => "",
        { Fault: { } fault } => $"\n{fault}",
        { Done: false } => " The machines are still being rendered: what is wrong with one is in 'netdeploy machines'.",
        { Failed: > 0 } => $"\n{Output.Counted(rendering.Failed, "machine")} cannot be granted until that is mended, and {(rendering.Failed == 1 ? "keeps its" : "keep their")} last good recipe: {string.Join(", ", rendering.FailedNames.Take(10))}{(rendering.Failed > 10 ? ", ..." : ".")}",
        _ => "",
    };

    internal static List<DocumentText> Read(string path)
    {
        if (File.Exists(path))
        {
            return [new DocumentText(Path.GetFileName(path), File.ReadAllText(path))];
        }

        if (!Directory.Exists(path))
        {
            throw new UserFault($"There is no file or folder '{path}'.", "Name a YAML file, or a folder of them.");
        }

        List<DocumentText> documents =
        [
            .. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(f => Path.GetExtension(f) is ".yaml" or ".yml")
                .Order(StringComparer.Ordinal)
                .Select(f => new DocumentText(Path.GetRelativePath(path, f), File.ReadAllText(f))),
        ];
        return documents.Count > 0 ? documents : throw new UserFault($"'{path}' holds no .yaml file.", "Name the folder that holds the documents.");
    }
}
