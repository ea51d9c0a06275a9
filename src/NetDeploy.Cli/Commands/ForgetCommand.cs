using System.CommandLine;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy forget NAME</c>: the machine, its binding, its history, and the document that enrolment wrote for it.</summary>
internal static class ForgetCommand
{
    public static Command Create()
    {
        var name = VerbOptions.Name();
        name.Description = "The machine, by its name or its MAC.";
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("forget", "Remove a machine that was enrolled or adopted, or that no document describes any more.") { name, data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var wanted = parsed.GetRequiredValue(name);
            var machine = await client.MachineAsync(wanted, cancellationToken).ConfigureAwait(false);
            await client.ForgetAsync(machine.Name, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(new ForgottenMachine(machine.Name), CommandJson.Default.ForgottenMachine);
                return Invocation.Done;
            }

            Console.Out.WriteLine($"{machine.Name} is forgotten. If its hardware netboots again, it is a new machine.");
            return Invocation.Done;
        });
        return command;
    }
}
