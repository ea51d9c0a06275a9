using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy adopt MAC [NAME]</c>: a machine that nobody described becomes one.</summary>
internal static class AdoptCommand
{
    public static Command Create()
    {
        var mac = new Argument<string>("mac") { Description = "Its MAC, as 'netdeploy machines' lists it." };
        mac.Validators.Add(VerbOptions.Named);
        var name = new Argument<string?>("name") { Description = "What it is called from now on; without one its MAC tells.", Arity = ArgumentArity.ZeroOrOne };
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var profile = new Option<string[]>("--profile") { Description = "A profile; may be given several times, the later one wins." };
        var distro = new Option<string?>("--distro") { Description = "The distribution; without one, that of all described machines." };
        var address = new Option<string?>("--address") { Description = "Reserve this address for it." };
        var deploy = new Option<bool>("--deploy") { Description = "Install it at once." };
        var command = new Command("adopt", "Take in a machine that was seen asking and that no document names.") { mac, name, data, json, profile, distro, address, deploy };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var adopted = await client.AdoptAsync(
                parsed.GetRequiredValue(mac),
                new AdoptRequest(parsed.GetValue(name), parsed.GetValue(profile) ?? [], parsed.GetValue(distro), parsed.GetValue(address), parsed.GetValue(deploy)),
                cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(adopted, NetDeployJson.Default.AdoptResult);
                return Invocation.Done;
            }

            Console.Out.WriteLine($"{parsed.GetRequiredValue(mac)} is {adopted.Name} now.");
            if (adopted.Order is { } order)
            {
                DeployCommand.Report(adopted.Name, order, json: false, follow: true);
            }
            else
            {
                Console.Out.WriteLine($"  To install it: netdeploy deploy {adopted.Name}");
            }

            return Invocation.Done;
        });
        return command;
    }
}
