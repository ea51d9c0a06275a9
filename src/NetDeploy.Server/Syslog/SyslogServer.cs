using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using NetDeploy.Protocols.Syslog;

namespace NetDeploy.Server.Syslog;

/// <summary>
/// Hears the logs of installers by UDP, on the boot networks' own addresses. It answers nobody and stores nothing itself. Who sends more
/// than one loop reads loses the rest in the kernel's buffer: the log is evidence, and no state hangs on a line of it.
/// </summary>
public sealed class SyslogServer : IAsyncDisposable
{
    private const int ReceiveBuffer = 1 << 20;

    private readonly Socket _socket;
    private readonly IInstallerLogs _logs;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    /// <exception cref="ServerFault">The port is taken or forbidden.</exception>
    public SyslogServer(IPEndPoint address, IInstallerLogs logs, ILogger<SyslogServer> logger)
    {
        _logs = logs;
        _logger = logger;
        _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = ReceiveBuffer };
        try
        {
            _socket.Bind(address);
        }
        catch (SocketException e)
        {
            _socket.Dispose();
            throw Refusal(address, e);
        }
    }

    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Ends when the server stopped, with an exception where its loop died of an error of its own.</summary>
    public Task Completion => _loop;

    public void Start()
    {
        SyslogLog.Listening(_logger, Address);
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _stopping.Dispose();
    }

    internal static ServerFault Refusal(IPEndPoint address, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AccessDenied => new(
            $"The logs of installers cannot be heard: there is no permission for UDP port {address.Port}.",
            "Start as root, or give the service CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE): the ports of DHCP and TFTP need it too.", e),
        SocketError.AddressNotAvailable => new(
            $"The logs of installers cannot be heard: {address.Address} is not an address of this machine.", "`ip -brief address` shows those it has; add it, or name another interface in the configuration.", e),
        _ => new($"The logs of installers cannot be heard on {address}: {e.Message}.", "Stop the program that holds the port, or set another syslogPort in the configuration.", e),
    };

    private async Task RunAsync()
    {
        var buffer = new byte[SyslogMessage.MaxBytes];
        var anyone = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, anyone, _stopping.Token).ConfigureAwait(false);
                var source = ((IPEndPoint)received.RemoteEndPoint).Address;
                if (_logs.Hears(source))
                {
                    _logs.Heard(source, SyslogMessage.Read(buffer.AsSpan(0, received.ReceivedBytes)));
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.MessageSize or SocketError.ConnectionReset or SocketError.NetworkDown or SocketError.NetworkUnreachable)
            {
                // A datagram longer than any log line, or the network's own trouble: the next one counts.
                SyslogLog.Lost(_logger, e.SocketErrorCode);
            }
        }
    }
}
