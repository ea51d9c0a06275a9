using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy export</c>: the desired state as it was applied, with the machines that were enrolled.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var to = new Option<DirectoryInfo>("--out") { Description = "Write the files into this folder; without it they go to standard output." };
        var command = new Command("export", "Write out all documents in force but those that come with the server; 'apply' of them changes nothing.") { data, json, to };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var exported = await client.DocumentsAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(to) is { } folder)
            {
                Write(exported, folder.FullName);
            }

            if (parsed.GetValue(json))
            {
                Output.Json(exported, NetDeployJson.Default.DocumentsView);
            }
            else if (parsed.GetValue(to) is { } written)
            {
                Console.Out.WriteLine($"{Output.Counted(exported.Documents.Count, "file")} of revision {exported.Revision} in {written.FullName}. To change them: edit, then netdeploy apply {written.FullName}");
            }
            else
            {
                foreach (var document in exported.Documents)
                {
                    Console.Out.WriteLine($"# {document.Path}\n---\n{document.Content.TrimEnd()}");
                }
            }

            return Invocation.Done;
        });
        return command;
    }

    /// <summary>Each file at its own path below the folder. What else is there stays, but nothing there is overwritten: a folder may hold edits that nobody applied yet.</summary>
    internal static void Write(DocumentsView exported, string folder)
    {
        var root = Path.GetFullPath(folder);
        List<(string Path, string Content)> files = [.. exported.Documents.Select(d => (Path.GetFullPath(Path.Combine(root, d.Path)), d.Content))];
        if (files.FirstOrDefault(f => !f.Path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) is { Path: not null } outside)
        {
            throw new UserFault($"The server named the path {outside.Path}, which is not below {root}.", "Use the command and the server of one version.");
        }

        if (files.FirstOrDefault(f => File.Exists(f.Path) && File.ReadAllText(f.Path) != f.Content) is { Path: not null } other)
        {
            throw new UserFault($"{other.Path} holds something else.", "Export into an empty folder, and compare the two.");
        }

        foreach (var (path, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }
    }
}
