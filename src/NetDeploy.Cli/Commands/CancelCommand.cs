using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy cancel NAME</c>: takes back a grant that no disk has felt yet.</summary>
internal static class CancelCommand
{
    public static Command Create()
    {
        var name = VerbOptions.Name();
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("cancel", "Take back a machine's grant, as long as nothing was written.") { name, data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var wanted = parsed.GetRequiredValue(name);
            await client.CancelAsync(wanted, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(await client.MachineAsync(wanted, cancellationToken).ConfigureAwait(false), NetDeployJson.Default.MachineView);
                return Invocation.Done;
            }

            Console.Out.WriteLine($"The deployment of {wanted} is cancelled.");
            return Invocation.Done;
        });
        return command;
    }
}
