using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>Speaks to a lab's supervisor. Each call is a connection of its own.</summary>
/// <param name="socketPath">The control socket: <see cref="LabFolder.ControlSocket"/>.</param>
internal sealed class LabControl(string socketPath)
{
    /// <summary>Long enough for a blade that does not listen and has to be killed before it is powered on again.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    private LabFolder Folder => new(Path.GetDirectoryName(socketPath)!);

    public Task<LabState> StateAsync(CancellationToken cancellationToken = default) => AskAsync(new("state"), cancellationToken);

    /// <summary>A cold boot of a blade that is off, by name or MAC.</summary>
    public Task<LabState> PowerOnAsync(string blade, CancellationToken cancellationToken = default) => AskAsync(new("on", blade), cancellationToken);

    public Task<LabState> PowerOffAsync(string blade, CancellationToken cancellationToken = default) => AskAsync(new("off", blade), cancellationToken);

    /// <summary>A cold boot, whatever the blade does now.</summary>
    public Task<LabState> CycleAsync(string blade, CancellationToken cancellationToken = default) => AskAsync(new("cycle", blade), cancellationToken);

    /// <summary>Throws the blade away: other hardware in its slot, powered off.</summary>
    public Task<LabState> RenewAsync(string blade, CancellationToken cancellationToken = default) => AskAsync(new("renew", blade), cancellationToken);

    public Task<LabState> DownAsync(CancellationToken cancellationToken = default) => AskAsync(new("down"), cancellationToken);

    /// <summary>Null where no lab answers.</summary>
    public async Task<LabState?> TryStateAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await StateAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LabAbsentException)
        {
            return null;
        }
    }

    private async Task<LabState> AskAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), limit.Token).ConfigureAwait(false);
            using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(request, LabJson.Default.ControlRequest) + "\n"), limit.Token).ConfigureAwait(false);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var line = await reader.ReadLineAsync(limit.Token).ConfigureAwait(false) ?? throw new LabAbsentException(socketPath);
            var answer = JsonSerializer.Deserialize(line, LabJson.Default.ControlAnswer);
            return answer?.State ?? throw new UserFault(answer?.Error ?? "The lab answered nothing.", "Look at supervisor.log in the lab's logs folder.");
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new LabAbsentException(socketPath, e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UserFault($"The lab did not answer '{request.Verb}' in {Limit.TotalSeconds:0} s.", $"Look at {Folder.SupervisorLog}; '{Folder.Command("down")}' ends it.");
        }
    }
}

/// <summary>Nothing listens on the control socket.</summary>
internal sealed class LabAbsentException(string socketPath, Exception? inner = null)
    : Exception($"No lab answers at {socketPath}. Start it with '{new LabFolder(Path.GetDirectoryName(socketPath)!).Command("up")}'.", inner);
