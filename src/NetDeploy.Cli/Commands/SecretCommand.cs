using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy secret set NAME</c>, <c>secret list</c>: values go in and never come out.</summary>
internal static class SecretCommand
{
    public static Command Create() => new("secret", "Keep values that documents name as {secret: NAME}.") { Set(), List() };

    private static Command Set()
    {
        var name = new Argument<string>("name") { Description = "The name that documents use." };
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("set", "Store a value, read from standard input to its end.") { name, data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!Console.IsInputRedirected)
            {
                Console.Error.WriteLine("Type the value, end with Ctrl-D:");
            }

            var value = (await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false)).TrimEnd('\n');
            using var client = VerbOptions.Connect(parsed, data);
            var stored = await client.SetSecretAsync(parsed.GetRequiredValue(name), value, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(stored, NetDeployJson.Default.SecretView);
                return Invocation.Done;
            }

            Console.Out.WriteLine($"secret {stored.Name}@{stored.Version}");
            return Invocation.Done;
        });
        return command;
    }

    private static Command List()
    {
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("list", "Names and versions.") { data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var secrets = await client.SecretsAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(secrets, NetDeployJson.Default.SecretViewArray);
                return Invocation.Done;
            }

            foreach (var secret in secrets)
            {
                Console.Out.WriteLine($"secret {secret.Name}@{secret.Version}");
            }

            return Invocation.Done;
        });
        return command;
    }
}
