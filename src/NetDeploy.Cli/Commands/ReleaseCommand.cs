using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy release NAME</c>: out of quarantine; it may be deployed again.</summary>
internal static class ReleaseCommand
{
    public static Command Create()
    {
        var name = VerbOptions.Name();
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("release", "Let a machine out of quarantine.") { name, data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var wanted = parsed.GetRequiredValue(name);
            await client.ReleaseAsync(wanted, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(await client.MachineAsync(wanted, cancellationToken).ConfigureAwait(false), NetDeployJson.Default.MachineView);
                return Invocation.Done;
            }

            Console.Out.WriteLine($"{wanted} is released. Next: netdeploy deploy {wanted}");
            return Invocation.Done;
        });
        return command;
    }
}
