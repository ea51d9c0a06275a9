using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using NetDeploy.Server;
using NetDeploy.Server.Images;
using NetDeploy.Server.Power;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy serve</c>: one process, no other server.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var config = new Option<FileInfo>("--config") { Description = "The configuration, netdeploy.yaml." };
        var data = new Option<DirectoryInfo>("--data") { Description = $"The data folder. Default: the configuration's; without one NETDEPLOY_DATA's, else {VerbOptions.DefaultData}." };
        var interfaces = new Option<string[]>("--interface") { Description = "An interface to answer on; may be given again. It answers on no other." };
        var bootFiles = new Option<DirectoryInfo>("--bootfiles") { Description = "What 'netdeploy bootfiles' wrote. Default: the configuration's." };
        var images = new Option<DirectoryInfo>("--images") { Description = "The folder images/ that it shares with the worker. Default: the configuration's." };
        var mirrors = new Option<DirectoryInfo>("--mirrors") { Description = "Where files of mirrors are kept. Default: the configuration's." };
        var noWorker = new Option<bool>("--no-worker") { Description = "Another process runs 'netdeploy worker' on that folder." };
        var restored = new Option<bool>("--restored") { Description = "The data folder is a restored copy: open grants and tokens of the original are void." };
        var labPower = new Option<string>("--lab-power") { Description = "A lab's control socket, which powers the machines.", Hidden = true };
        var labMirror = new Option<string[]>("--lab-mirror") { Description = "A mirror of a lab: name, upstream and relay socket.", Hidden = true };
        var verbose = new Option<bool>("--verbose") { Description = "Log what is normally not worth a line." };
        var command = new Command("serve", "Run the server: DHCP, TFTP and HTTP boot, and the management socket.") { config, data, interfaces, bootFiles, images, mirrors, noWorker, restored, labPower, labMirror, verbose };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var logging = Logging.Create(parsed.GetValue(verbose));
            ImageWorkerChild? worker = null;
            try
            {
                var settings = Settings(parsed.GetValue(config), parsed.GetValue(data), parsed.GetValue(interfaces) ?? []);
                settings = settings with
                {
                    BootFiles = parsed.GetValue(bootFiles)?.FullName ?? settings.BootFiles,
                    Images = parsed.GetValue(images)?.FullName ?? settings.Images,
                    StartWorker = settings.StartWorker && !parsed.GetValue(noWorker),
                    Restored = parsed.GetValue(restored),
                    LabPower = parsed.GetValue(labPower) ?? settings.LabPower,
                    MirrorFolder = parsed.GetValue(mirrors)?.FullName ?? settings.MirrorFolder,
                    Mirrors = parsed.GetValue(labMirror) is { Length: > 0 } own ? [.. own.Select(Lab.LabMirror.Parse)] : settings.Mirrors,
                };
                IPower power = settings.LabPower is { } control ? new Lab.LabPower(control) : new ManualPower();
                await using var server = await NetDeployServer.StartAsync(
                    settings, Installation.BootFiles, power, logging, TimeProvider.System, cancellationToken).ConfigureAwait(false);
                if (settings.StartWorker)
                {
                    // Only beside a server that stands: one that refuses its interface or its folders says so, and nothing else does.
                    worker = ImageWorkerChild.Start(settings.Images, logging.CreateLogger("ImageWorker"));
                    if (ImageWorkerProcess.Foresee(new ImageWorkerOptions { SpoolFolder = settings.Images }) is { } warning)
                    {
                        server.Warnings.Add(warning);
                    }
                }

                await Console.Error.WriteLineAsync(
                    $"NetDeploy serves {string.Join(", ", server.BootEndPoints.Select(e => "http://" + e))}; management at {ServerPaths.Socket(settings.Data)}. End with Ctrl-C.").ConfigureAwait(false);
                await StopRequestedAsync(server.Broken, cancellationToken).ConfigureAwait(false);
                worker?.ServerEnds();
                return Invocation.Done;
            }
            catch (ServerFault e)
            {
                throw new UserFault(e.Message, e.Remedy, inner: e);
            }
            finally
            {
                // After the server, which would take a build that is cut off for one that failed.
                if (worker is not null)
                {
                    await worker.DisposeAsync().ConfigureAwait(false);
                }
            }
        });
        return command;
    }

    private static ServerConfig Settings(FileInfo? file, DirectoryInfo? data, string[] interfaces)
    {
        var settings = file is not null
            ? ServerConfig.Load(file.FullName)
            : new ServerConfig { Profiles = Installation.Profiles };
        return settings with
        {
            Data = data?.FullName ?? (file is null ? VerbOptions.NamedData : null) ?? settings.Data,
            // The default's folder may be absent where the command runs from its tree; a folder that the file names must be there.
            Profiles = settings.Profiles == new ServerConfig().Profiles && !Directory.Exists(settings.Profiles) ? Installation.Profiles : settings.Profiles,
            Interfaces = interfaces.Length > 0 ? [.. interfaces.Select(i => new BootInterface(i))] : settings.Interfaces,
        };
    }

    /// <summary>SIGTERM and SIGINT end the server in order: answers under way leave, leases are on the disk.</summary>
    /// <exception cref="ServerFault">A part of the server died, and a server that answers half of what it is asked is worse than one that starts again.</exception>
    internal static async Task StopRequestedAsync(Task<ServerFault> broken, CancellationToken cancellationToken)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await using var cancelled = cancellationToken.Register(() => asked.TrySetResult());
        if (await Task.WhenAny(asked.Task, broken).ConfigureAwait(false) == broken)
        {
            throw await broken.ConfigureAwait(false);
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            asked.TrySetResult();
        }
    }
}
