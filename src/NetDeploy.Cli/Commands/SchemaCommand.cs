using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Profiles.Reference;
using NetDeploy.Server;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy schema</c>: JSON Schema of the documents or of the configuration, for editors. Needs no server.</summary>
internal static class SchemaCommand
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var kind = new Option<string>("--kind") { Description = $"Only documents of this kind: {string.Join(", ", DocumentSchema.Kinds)}." };
        var config = new Option<bool>("--config") { Description = "The configuration of 'netdeploy serve' instead." };
        var json = VerbOptions.Json();
        var command = new Command("schema", "Print the JSON Schema (draft 2020-12) of the documents, for editors.") { kind, config, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(kind) is { } named && !DocumentSchema.Kinds.Contains(named))
            {
                result.AddError($"There is no kind '{named}'. {Spelling.Remedy(named, DocumentSchema.Kinds)}");
            }
            else if (result.GetValue(kind) is not null && result.GetValue(config))
            {
                result.AddError("--kind is about documents and --config about the configuration: name one of them.");
            }
        });
        command.SetAction(parsed =>
        {
            var schema = parsed.GetValue(config) ? ConfigReference.Schema() : DocumentSchema.Of(parsed.GetValue(kind));
            // Machines get it on one line, as from every verb.
            Console.Out.WriteLine(parsed.GetValue(json) ? schema.ToJsonString() : schema.ToJsonString(Readable));
            return Invocation.Done;
        });
        return command;
    }
}
