using System.CommandLine;
using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy images list</c>, <c>images refresh NAME</c>.</summary>
internal static class ImagesCommand
{
    public static Command Create() => new("images", "The images that deployments unpack.") { List(), Refresh() };

    private static Command List()
    {
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("list", "What was built, and what failed.") { data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var images = await client.ImagesAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(images, NetDeployJson.Default.ImageViewArray);
                return Invocation.Done;
            }

            foreach (var image in images)
            {
                Print(image);
            }

            return Invocation.Done;
        });
        return command;
    }

    private static Command Refresh()
    {
        var name = VerbOptions.Name();
        var data = VerbOptions.Data();
        var json = VerbOptions.Json();
        var command = new Command("refresh", "Build a machine's image anew from its repositories' state of now; the one there is stays until then.") { name, data, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = VerbOptions.Connect(parsed, data);
            var image = await client.RefreshImageAsync(parsed.GetRequiredValue(name), cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(image, NetDeployJson.Default.ImageView);
                return Invocation.Done;
            }

            Print(image);
            return Invocation.Done;
        });
        return command;
    }

    private static void Print(ImageView image)
    {
        var built = image.BuiltAt is { } at ? $", {image.Bytes >> 20} MiB, built {DateTimeOffset.FromUnixTimeMilliseconds(at).ToLocalTime():yyyy-MM-dd HH:mm}" : "";
        // The worker's words, and its names: it runs the scripts of profiles.
        Console.Out.WriteLine(Output.Plain($"{Short(image.Key)}  {image.State,-8}  {Short(image.Id ?? "-")}{built}{(image.Reason is null ? "" : ": " + image.Reason)}"));
    }

    private static string Short(string key) => key.Length > 12 ? key[..12] : key;
}
