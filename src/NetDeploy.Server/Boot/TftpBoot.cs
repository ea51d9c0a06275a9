using System.Text;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Boot;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Tftp;

namespace NetDeploy.Server.Boot;

/// <summary>What TFTP serves: loaders, the deploy environment, and GRUB's configuration for the machine that owns the asking address.</summary>
internal sealed class TftpBoot(BootDesk desk, BootFilesCatalog files, Func<BootNetworks> networks, ILogger logger) : ITftpContent, ITftpObserver
{
    public async ValueTask<TftpReply?> OpenAsync(TftpReadRequest request, CancellationToken cancellationToken)
    {
        if (networks().Served(request.Client.Address) is not { } network)
        {
            return new TftpRefusal($"{request.Client.Address} is on no network of this server");
        }

        return await desk.TftpAsync(request.Path, request.Client.Address, network, cancellationToken).ConfigureAwait(false) switch
        {
            BootReply.LoaderFile loader => files.Loaders.TryGetValue(loader.Name, out var file) ? Open(file) : null,
            BootReply.EnvironmentFile part => files.Environment is { } built ? Open(part.Part == EnvironmentPart.Kernel ? built.Kernel : built.Initrd) : null,
            BootReply.InstallerFile part => files.Installers.Find(part.Distro, part.BuildId)?.File(part.Name) is { } file ? Open(file) : null,
            BootReply.Text text => Text(text.Content),
            BootReply.Refused refused => new TftpRefusal(refused.Reason),
            _ => null,
        };
    }

    public void Completed(TftpReadRequest request, long bytes, TimeSpan duration)
    {
        var name = request.Path[(request.Path.LastIndexOf('/') + 1)..];
        if (LoaderChoice.IsFirstStage(name))
        {
            desk.LoaderFetched(request.Client.Address);
        }

        desk.Note(request.Client.Address, "tftp", FormattableString.Invariant($"{name}: {bytes / 1024.0:0} KiB in {duration.TotalSeconds:0.0} s"));
    }

    /// <summary>Firmware ends many transfers on purpose, after it has asked for the size: that is no news for an operator.</summary>
    public void Failed(TftpReadRequest request, string reason) => BootLog.TransferEnded(logger, request.Client.Address, request.Path, reason);

    private static TftpFile Open(BootFile file)
    {
        var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        return new TftpFile(stream, stream.Length);
    }

    private static TftpFile Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return new TftpFile(new MemoryStream(bytes, writable: false), bytes.Length);
    }
}
