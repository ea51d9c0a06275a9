using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>
/// A way out of the lab to one host and port, and to nothing else: a Unix socket of mode 0600, outside of which a connection to that
/// host is made for each that comes in. Bytes pass as they are, so TLS is between the lab's server and the host.
/// </summary>
internal sealed class LabRelay : IDisposable
{
    /// <summary>The lab's server holds a handful; more than this wait to be accepted.</summary>
    private const int Connections = 64;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    private readonly Socket _socket;
    private readonly RelayPlan _plan;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _free = new(Connections);

    private LabRelay(Socket socket, RelayPlan plan, ILogger logger)
    {
        _socket = socket;
        _plan = plan;
        _logger = logger;
    }

    public static LabRelay Listen(RelayPlan plan, ILogger logger)
    {
        File.Delete(plan.Socket);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(plan.Socket));
        // Nobody can connect before Listen, so the mode is set in time.
        File.SetUnixFileMode(plan.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        socket.Listen(Connections);
        return new LabRelay(socket, plan, logger);
    }

    /// <summary>Relays until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
                var inside = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                _ = RelayAsync(inside, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The lab goes down.
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_plan.Socket);
    }

    private async Task RelayAsync(Socket inside, CancellationToken cancellationToken)
    {
        try
        {
            using (inside)
            using (var outside = new Socket(SocketType.Stream, ProtocolType.Tcp))
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(ConnectLimit);
                await outside.ConnectAsync(_plan.Host, _plan.Port, limit.Token).ConfigureAwait(false);
                await Task.WhenAll(PumpAsync(inside, outside, cancellationToken), PumpAsync(outside, inside, cancellationToken)).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _logger.RelayBroke(_plan.Host, _plan.Port, e is OperationCanceledException ? "no connection in 15 s" : e.Message);
            }
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>One direction; its end is passed on. A broken one ends the other too, which would else wait for ever.</summary>
    private static async Task PumpAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), cancellationToken).ConfigureAwait(false);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            from.Dispose();
            to.Dispose();
            throw;
        }
    }
}
