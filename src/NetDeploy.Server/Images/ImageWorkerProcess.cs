using Microsoft.Extensions.Logging;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>The process <c>netdeploy worker</c>.</summary>
public static class ImageWorkerProcess
{
    /// <summary>Serves the spool until cancelled; then a build in progress is killed, and the next worker begins it anew.</summary>
    /// <exception cref="ImageWorkerException">Builds are not possible here: the message says what to do.</exception>
    /// <exception cref="UnauthorizedAccessException">The spool belongs to someone else: the message says what to do.</exception>
    public static async Task RunAsync(ImageWorkerOptions options, ILogger log, CancellationToken cancellationToken)
    {
        WorkerIdentity identity;
        try
        {
            identity = WorkerIdentity.Find(options.BuildUser, Posix.EffectiveUserId);
        }
        catch (ImageBuilderException e)
        {
            throw new ImageWorkerException($"{e.Message} {e.Remedy}", e);
        }

        var owners = new SpoolOwners(identity.UserId, identity.GroupId, options.ServerGroup ?? Posix.EffectiveGroupId);
        var spool = ImageSpool.Create(options.SpoolFolder, owners);
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
}

/// <summary>The worker cannot start; the message is for the operator and names the remedy.</summary>
public sealed class ImageWorkerException(string message, Exception inner) : Exception(message, inner);
