using System.CommandLine;
using NetDeploy.Server;
using NetDeploy.Server.Images;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy worker</c>: builds the images that a server asks for, unprivileged, beside it.</summary>
internal static class WorkerCommand
{
    public static Command Create()
    {
        var images = new Option<DirectoryInfo>("--images") { Description = "The folder images/ that it shares with the server.", DefaultValueFactory = _ => new DirectoryInfo("/var/cache/netdeploy/images") };
        var user = new Option<string>("--user") { Description = "Who the worker becomes where it is started as root.", DefaultValueFactory = _ => "netdeploy-build" };
        var untilEnd = new Option<bool>("--until-stdin-ends") { Description = "Stop when standard input ends.", Hidden = true };
        var command = new Command("worker", "Build images for a server, as an unprivileged user.") { images, user, untilEnd };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new ImageWorkerOptions { SpoolFolder = parsed.GetRequiredValue(images).FullName, BuildUser = parsed.GetRequiredValue(user) };
            using var logging = Logging.Create(verbose: false);
            var log = logging.CreateLogger("ImageWorker");
            try
            {
                string[] again = ["worker", "--images", options.SpoolFolder, "--user", options.BuildUser, .. parsed.GetValue(untilEnd) ? ["--until-stdin-ends"] : Array.Empty<string>()];
                ImageWorkerProcess.BecomeBuildUser(options, again, log);
                using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                if (parsed.GetValue(untilEnd))
                {
                    _ = Task.Run(async () =>
                    {
                        await Console.OpenStandardInput().CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
                        await stopping.CancelAsync().ConfigureAwait(false);
                    }, cancellationToken);
                }

                await ImageWorkerProcess.RunAsync(options, log, stopping.Token).ConfigureAwait(false);
                return Invocation.Done;
            }
            catch (ServerFault e)
            {
                throw new UserFault(e.Message, e.Remedy, inner: e);
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                throw new UserFault(e.Message, $"Run it as root, or as the user that owns {options.SpoolFolder}, with room on its disk.", inner: e);
            }
        });
        return command;
    }
}
