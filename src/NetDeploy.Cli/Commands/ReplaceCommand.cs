using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy replace NAME</c>: other hardware takes the name, and gets its system.</summary>
internal static class ReplaceCommand
{
    public static Command Create()
    {
        var name = VerbOptions.Name();
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var mac = new Option<string[]>("--mac") { Description = "The new hardware's MAC; without one, the single unknown machine seen asking." };
        var uuid = new Option<string?>("--uuid") { Description = "Its SMBIOS UUID." };
        var serial = new Option<string?>("--serial") { Description = "Its serial number." };
        var only = new Option<bool>("--bind-only") { Description = "Move the name; deploy later." };
        var wait = new Option<bool>("--wait") { Description = "Follow until installed or failed, and say how long it took." };
        var yes = new Option<bool>("--yes") { Description = "Take an installed machine's name from it without asking for the name again." };
        var command = new Command("replace", "Give other hardware this machine's name and system.") { name, data, json, mac, uuid, serial, only, wait, yes };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var wanted = parsed.GetRequiredValue(name);
            var after = await Following.LastAsync(client, wanted, cancellationToken).ConfigureAwait(false);
            var macs = parsed.GetValue(mac) is { Length: > 0 } given ? given : [await NewcomerAsync(client, cancellationToken).ConfigureAwait(false)];
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var result = await Confirmation.OrderAsync(
                wanted,
                parsed.GetValue(yes),
                $"{macs[0]} becomes {wanted}{(parsed.GetValue(only) ? "" : ", and what is on its disk is overwritten")}.",
                Confirmation.Person,
                confirm => client.ReplaceAsync(wanted, new ReplaceRequest(macs, parsed.GetValue(uuid), parsed.GetValue(serial), !parsed.GetValue(only), confirm), cancellationToken)).ConfigureAwait(false);
            DeployCommand.Report(wanted, result, parsed.GetValue(json), follow: !parsed.GetValue(wait));
            if (!parsed.GetValue(wait) || parsed.GetValue(only))
            {
                return Invocation.Done;
            }

            var installed = await Following.UntilEndAsync(client, wanted, after, parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
            await Console.Error.WriteLineAsync($"{wanted}: {clock.Elapsed.TotalSeconds:0} s of the tenth-floor test's 600 s.").ConfigureAwait(false);
            return installed ? Invocation.Done : Invocation.NotDone;
        });
        return command;
    }

    /// <summary>The tenth-floor test wants nothing typed but the name: one unknown machine on the network needs no more.</summary>
    private static async Task<string> NewcomerAsync(NetDeployClient client, CancellationToken cancellationToken)
    {
        var unknown = (await client.MachinesAsync(cancellationToken).ConfigureAwait(false)).Unknown;
        return unknown.Count switch
        {
            1 => unknown[0].Mac,
            0 => throw new UserFault("No unknown machine was seen asking.", "Power the new hardware on with network boot, or name its MAC with --mac."),
            _ => throw new UserFault(
                $"{unknown.Count} unknown machines were seen asking: {string.Join(", ", unknown.Select(u => u.Mac))}.",
                "Name the one that is meant with --mac."),
        };
    }
}
