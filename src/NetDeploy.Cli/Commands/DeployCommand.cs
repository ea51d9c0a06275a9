using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy deploy NAME...</c>: one verb for metal and guests.</summary>
internal static class DeployCommand
{
    public static Command Create()
    {
        var names = new Argument<string[]>("name") { Description = "The machines.", Arity = ArgumentArity.OneOrMore };
        names.Validators.Add(VerbOptions.Named);
        names.Validators.Add(result =>
        {
            if (result.Tokens.GroupBy(t => t.Value, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                result.AddError($"'{twice.Key}' is named twice. Name each machine once.");
            }
        });
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var distro = new Option<string?>("--distro") { Description = "Another distribution than the machine's document names." };
        var method = new Option<string?>("--method") { Description = "How it gets onto the disk: image, or installer (the distribution's own); without it as the machine's document says, and image where that says nothing." };
        var wait = new Option<bool>("--wait") { Description = "Follow until installed or failed." };
        var stagger = new Option<string>("--stagger") { Description = "Pause between machine starts, such as 30s.", DefaultValueFactory = _ => "0s" };
        var yes = new Option<bool>("--yes") { Description = "Overwrite an installed machine without asking for its name again." };
        var command = new Command("deploy", "Give machines their system: grants one installation each, and powers them on or says when to.") { names, data, json, distro, method, wait, stagger, yes };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var pause = Seconds(parsed.GetRequiredValue(stagger));
            using var client = VerbOptions.Connect(parsed, data);
            var started = new List<(string Name, long After)>();
            var allTaken = await EachAsync(parsed.GetRequiredValue(names), parsed.GetValue(json), async name =>
            {
                if (started.Count > 0)
                {
                    await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
                }

                var after = await Following.LastAsync(client, name, cancellationToken).ConfigureAwait(false);
                var result = await Confirmation.OrderAsync(
                    name,
                    parsed.GetValue(yes),
                    "It is overwritten.",
                    Confirmation.Person,
                    confirm => client.DeployAsync(name, new DeployRequest(parsed.GetValue(distro), parsed.GetValue(method), Confirm: confirm), cancellationToken)).ConfigureAwait(false);
                started.Add((name, after));
                Report(name, result, parsed.GetValue(json), follow: !parsed.GetValue(wait));
            }).ConfigureAwait(false);
            if (!parsed.GetValue(wait))
            {
                return allTaken ? Invocation.Done : Invocation.NotDone;
            }

            var outcomes = await Task.WhenAll(started.Select(s => Following.UntilEndAsync(client, s.Name, s.After, parsed.GetValue(json), cancellationToken))).ConfigureAwait(false);
            return allTaken && outcomes.All(installed => installed) ? Invocation.Done : Invocation.NotDone;
        });
        return command;
    }

    /// <summary>One machine that is refused keeps no other from its order. What no machine would be given ends it: no server, or wrong use.</summary>
    /// <returns>Whether all orders were taken.</returns>
    internal static async Task<bool> EachAsync(string[] names, bool json, Func<string, Task> order)
    {
        var all = true;
        foreach (var name in names)
        {
            try
            {
                await order(name).ConfigureAwait(false);
            }
            catch (NetDeployApiException e) when (e.Status is not (0 or 400))
            {
                Output.Diagnostics(e.Diagnostics);
                await RefusedAsync(name, e, e.Remedy).ConfigureAwait(false);
            }
            catch (UserFault e) when (e.ExitCode != Invocation.WrongUse)
            {
                await RefusedAsync(name, e, e.Remedy).ConfigureAwait(false);
            }
        }

        return all;

        async Task RefusedAsync(string name, Exception refusal, string? remedy)
        {
            all = false;
            var why = refusal.Message;
            if (json && names.Length > 1)
            {
                Output.Json(new RefusedOrder(name, why, remedy), CommandJson.Default.RefusedOrder);
            }

            await Invocation.FailAsync(names.Length > 1 ? $"{name} is not deployed: {why}" : why, remedy).ConfigureAwait(false);
            await Invocation.TraceAsync(refusal).ConfigureAwait(false);
        }
    }

    /// <param name="follow">Nobody follows it yet: say how.</param>
    public static void Report(string name, DeployResult result, bool json, bool follow)
    {
        if (json)
        {
            Output.Json(result, NetDeployJson.Default.DeployResult);
            return;
        }

        Console.Out.WriteLine(result.DeploymentId.Length > 0 ? $"{name}: deployment {result.DeploymentId} {result.State}." : $"{name}: {result.State}.");
        if (result.Instruction is not null)
        {
            Console.Out.WriteLine($"  {result.Instruction}");
        }

        if (follow && result.DeploymentId.Length > 0)
        {
            Console.Out.WriteLine($"  Follow it with: netdeploy show {name} --follow");
        }
    }

    internal static TimeSpan Seconds(string text) =>
        text.EndsWith('s') && int.TryParse(text.AsSpan(..^1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw new UserFault($"'{text}' is no pause.", "Write seconds with their unit, such as --stagger 30s, at most 3600s.", Invocation.WrongUse);
}
