using Microsoft.Extensions.Logging;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>The process <c>netdeploy worker</c>: <see cref="BecomeBuildUser"/>, then <see cref="RunAsync"/>.</summary>
public static class ImageWorkerProcess
{
    /// <summary>Serves the spool until cancelled; then a build in progress is killed, and the next worker begins it anew.</summary>
    /// <exception cref="ServerFault">Builds are not possible here.</exception>
    /// <exception cref="UnauthorizedAccessException">The spool belongs to someone else: the message says what to do.</exception>
    public static async Task RunAsync(ImageWorkerOptions options, ILogger log, CancellationToken cancellationToken)
    {
        var identity = Find(options);
        var spool = CreateSpool(options, identity);
        var builder = new MmdebstrapBuilder(identity, options.Limits, options.DebianKeyring);
        log.WorkerStarted(spool.Root, identity.Name);
        try
        {
            await new ImageWorker(spool, builder, options.KeepImages, identity.Own, TimeProvider.System, log)
                .RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>
    /// Makes a process that root started the build user, for good: it executes itself again through <c>setpriv</c>, with the same
    /// process id and standard streams. Call it before anything else is open. It returns only where there is nothing to drop,
    /// or where the build user cannot execute .NET: then a warning was logged, and <see cref="RunAsync"/> drops root for each command.
    /// </summary>
    /// <param name="arguments">The command line after the program; its paths are absolute, for the new process starts in <c>/</c>.</param>
    /// <exception cref="ServerFault">Builds are not possible here.</exception>
    /// <exception cref="IOException">The spool cannot be set up, or the program not be copied or executed.</exception>
    public static void BecomeBuildUser(ImageWorkerOptions options, IReadOnlyList<string> arguments, ILogger log)
    {
        var identity = Find(options);
        if (!identity.Drops)
        {
            return;
        }

        // What only root can do, now.
        var spool = CreateSpool(options, identity);
        var drop = new PrivilegeDrop(identity);
        if (drop.Refusal is { } refusal)
        {
            throw CannotDrop(identity, refusal);
        }

        var program = RunningProgram.Current;
        if (StaysRoot(identity, drop, program) is { } warning)
        {
            log.StaysRoot(warning);
            return;
        }

        if (program.OwnFiles.Any(file => !drop.CanRead(file)))
        {
            var copy = new ProgramCopies(spool).Of(program);
            log.RunsFromCopy(identity.Name, program.Folder, copy.Folder);
            program = copy;
        }

        drop.Execute([.. program.Command, .. arguments]);
    }

    /// <summary>
    /// What a worker that this process starts will complain of, for who cannot read its log: it cannot build, or stays root. The
    /// same probe, without changing anything. Null: all is well.
    /// </summary>
    public static string? Foresee(ImageWorkerOptions options) => Foresee(options, RunningProgram.Current);

    internal static string? Foresee(ImageWorkerOptions options, RunningProgram program)
    {
        try
        {
            var identity = Find(options);
            var drop = new PrivilegeDrop(identity);
            return !identity.Drops ? null
                : drop.Refusal is { } refusal ? throw CannotDrop(identity, refusal)
                : StaysRoot(identity, drop, program);
        }
        catch (ServerFault e)
        {
            return $"No image can be built: {e.Message} {e.Remedy}";
        }
    }

    private static string? StaysRoot(WorkerIdentity identity, PrivilegeDrop drop, RunningProgram program) =>
        program.RuntimeFiles.FirstOrDefault(file => !drop.CanRead(file)) is { } unreadable
            ? $"The image worker stays root, and only the commands of its builds run as {identity.Name}, because that user cannot execute {unreadable}. Remedy: "
                + "install .NET where everyone can read it, as its package does (/usr/share/dotnet or /usr/lib/dotnet), and start again"
            : null;

    private static ServerFault CannotDrop(WorkerIdentity identity, string refusal) => new(
        $"The worker cannot become {identity.Name}: {refusal}", "Start it with the capabilities SETUID, SETGID and SETPCAP, or as that user.");

    private static ImageSpool CreateSpool(ImageWorkerOptions options, WorkerIdentity identity) => ImageSpool.Create(
        options.SpoolFolder, new(Posix.EffectiveUserId, Posix.EffectiveGroupId, identity.UserId, identity.GroupId));

    private static WorkerIdentity Find(ImageWorkerOptions options)
    {
        try
        {
            return WorkerIdentity.Find(options.BuildUser, Posix.EffectiveUserId);
        }
        catch (ImageBuilderException e)
        {
            throw new ServerFault(e.Message, e.Remedy, e);
        }
    }
}
