using System.CommandLine;
using System.Globalization;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy mirror list</c>, <c>mirror clear NAME</c>.</summary>
internal static class MirrorCommand
{
    public static Command Create() => new("mirror", "What machines reach through the server, as /mirror/NAME/.") { List(), Clear() };

    private static Command List()
    {
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("list", "The mirrors, what they keep, and how often that was enough.") { data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var mirrors = await client.MirrorsAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(mirrors, NetDeployJson.Default.MirrorViewArray);
                return Invocation.Done;
            }

            foreach (var mirror in mirrors)
            {
                Console.Out.WriteLine(Line(mirror));
            }

            if (mirrors.Length == 0)
            {
                Console.Out.WriteLine("No mirror is configured. Name one in the configuration, below mirrors:.");
            }

            return Invocation.Done;
        });
        return command;
    }

    private static Command Clear()
    {
        var name = new Argument<string>("name") { Description = "The mirror." };
        name.Validators.Add(VerbOptions.Named);
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("clear", "Empty a mirror's cache: what is asked for next comes from the upstream.") { name, data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var mirror = await client.ClearMirrorAsync(parsed.GetRequiredValue(name), cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(mirror, NetDeployJson.Default.MirrorView);
                return Invocation.Done;
            }

            Console.Out.WriteLine(Line(mirror));
            return Invocation.Done;
        });
        return command;
    }

    internal static string Line(MirrorView mirror)
    {
        if (mirror.Fault is { } fault)
        {
            return $"{mirror.Name}  {mirror.Upstream}  serves nothing: {fault}";
        }

        var answers = mirror.Hits + mirror.Misses + mirror.Stale;
        var rate = answers == 0 ? "nothing asked yet" : string.Create(CultureInfo.InvariantCulture, $"{100 * (mirror.Hits + mirror.Stale) / answers} % of {answers} answers from the cache");
        var trouble = mirror.Stale + mirror.Failures == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {mirror.Stale} stale, {mirror.Failures} failures");
        var unkept = mirror.Unkept == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {mirror.Unkept} not kept for want of room");
        var shortage = mirror.Shortage is { } lacking ? $"; {lacking}" : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"{mirror.Name}  {mirror.Upstream}  {mirror.Bytes >> 20} of {mirror.MaxBytes >> 20} MiB in {mirror.Files} files, {rate}{trouble}{unkept}{shortage}");
    }
}
