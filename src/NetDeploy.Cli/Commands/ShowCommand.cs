using System.CommandLine;
using System.Globalization;
using NetDeploy.Client;
using NetDeploy.Protocols;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy show NAME</c>: the machine, why it is where it is, and its timeline; as JSON a line each, the machine first.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var name = VerbOptions.Name();
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var log = new Option<bool>("--log") { Description = "Print the newest uploaded log instead." };
        var follow = new Option<bool>("--follow") { Description = "Go on printing what happens; end with Ctrl-C." };
        var command = new Command("show", "Show a machine, its state and its timeline.") { name, data, json, log, follow };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var wanted = parsed.GetRequiredValue(name);
            if (parsed.GetValue(log))
            {
                var uploaded = await client.LogAsync(wanted, cancellationToken).ConfigureAwait(false);
                if (parsed.GetValue(json))
                {
                    Output.Json(new UploadedLog(uploaded.Text, uploaded.DeploymentId), CommandJson.Default.UploadedLog);
                }
                else
                {
                    // A newer deployment may not have uploaded one yet.
                    await Console.Error.WriteLineAsync($"The log of deployment {uploaded.DeploymentId}:").ConfigureAwait(false);
                    foreach (var line in Lines(uploaded.Text))
                    {
                        Console.Out.WriteLine(line);
                    }
                }

                return Invocation.Done;
            }

            if (await NewcomerAsync(client, wanted, cancellationToken).ConfigureAwait(false) is { } newcomer)
            {
                Print(newcomer, parsed.GetValue(json));
                return Invocation.Done;
            }

            var machine = await client.MachineAsync(wanted, cancellationToken).ConfigureAwait(false);
            wanted = machine.Name;
            var timeline = await client.TimelineAsync(wanted, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(machine, NetDeployJson.Default.MachineView);
            }
            else
            {
                PrintHead(machine);
            }

            foreach (var line in parsed.GetValue(json) || machine.Why is null ? [] : Explained(machine.Why))
            {
                Console.Out.WriteLine($"  {line}");
            }

            foreach (var entry in timeline)
            {
                Print(entry, parsed.GetValue(json));
            }

            var after = timeline.Length > 0 ? timeline[^1].Sequence : 0;
            while (parsed.GetValue(follow))
            {
                foreach (var entry in await client.TimelineAsync(wanted, after, TimeSpan.FromSeconds(25), cancellationToken).ConfigureAwait(false))
                {
                    Print(entry, parsed.GetValue(json));
                    after = entry.Sequence;
                }
            }

            return Invocation.Done;
        });
        return command;
    }

    /// <summary>A MAC that no machine has, and that was seen; null where a machine is meant.</summary>
    private static async Task<UnknownClientView?> NewcomerAsync(NetDeployClient client, string who, CancellationToken cancellationToken)
    {
        if (!MacAddress.TryParse(who, CultureInfo.InvariantCulture, out _))
        {
            return null;
        }

        try
        {
            await client.MachineAsync(who, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (NetDeployApiException e) when (e.Status == 404)
        {
            return await client.UnknownAsync(who, cancellationToken).ConfigureAwait(false);
        }
    }

    private static void Print(UnknownClientView newcomer, bool json)
    {
        if (json)
        {
            Output.Json(newcomer, NetDeployJson.Default.UnknownClientView);
            return;
        }

        Console.Out.WriteLine($"{newcomer.Mac}  {newcomer.State}: {newcomer.Reason}");
        foreach (var line in newcomer.Why is null ? [] : Explained(newcomer.Why))
        {
            Console.Out.WriteLine($"  {line}");
        }
    }

    internal static IEnumerable<string> Explained(ExplanationView why)
    {
        yield return $"identity: {why.Identity}";
        if (why.Policy is not null)
        {
            yield return $"policy: {why.Policy}";
        }

        foreach (var rule in why.Rules)
        {
            yield return $"rule {rule.Rule}: {rule.Verdict}, {rule.Reason}";
        }

        foreach (var line in why.Inventory)
        {
            yield return $"told: {line}";
        }

        yield return $"next: {why.Next}";
    }

    /// <summary>A log for people: whoever had a token wrote it, and the terminal of an operator reads it.</summary>
    internal static IEnumerable<string> Lines(string log) => log.TrimEnd('\n').Split('\n').Select(Output.Plain);

    private static void Print(TimelineView entry, bool json)
    {
        if (json)
        {
            Output.Json(entry, NetDeployJson.Default.TimelineView);
        }
        else
        {
            Console.Out.WriteLine($"  {Output.Clock(entry.At)}  {entry.Kind,-9} {Told(entry)}");
        }
    }

    /// <summary>Some texts begin with their kind, for who reads them without; it stands beside them here.</summary>
    internal static string Told(TimelineView entry) =>
        entry.Text.StartsWith(entry.Kind + ": ", StringComparison.Ordinal) ? entry.Text[(entry.Kind.Length + 2)..] : entry.Text;

    private static void PrintHead(MachineView m)
    {
        Console.Out.WriteLine($"{m.Name}  {m.State}{(m.Reason is null ? "" : ": " + m.Reason)}");
        Console.Out.WriteLine($"  {m.Kind}, {m.Distro ?? "no distro"} by {m.Method ?? "-"}, profiles {string.Join(' ', m.Profiles)}{(m.Protected ? ", protected" : "")}{(m.EnrolledBy is null ? "" : $", enrolled by {m.EnrolledBy}")}");
        Console.Out.WriteLine($"  MAC {string.Join(' ', m.Macs)}{(m.Uuid is null ? "" : "  UUID " + m.Uuid)}{(m.Serial is null ? "" : "  serial " + m.Serial)}{(m.Address is null ? "" : "  address " + m.Address)}");
        if (m.DeploymentId is not null)
        {
            Console.Out.WriteLine($"  deployment {m.DeploymentId}{(m.ImageId is null ? "" : "  image " + m.ImageId[..12])}");
        }

        if (m.Fault is not null)
        {
            Console.Out.WriteLine($"  cannot be granted until this is mended; {(m.RecipeRevision is { } good ? $"it keeps the recipe of revision {good}" : "it never had a recipe")}:");
        }

        Output.Diagnostics(m.Findings ?? []);
        foreach (var key in m.HostKeys)
        {
            Console.Out.WriteLine($"  host key {key}");
        }
    }
}
