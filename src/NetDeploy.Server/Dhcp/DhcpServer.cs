using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Server.Leases;

namespace NetDeploy.Server.Dhcp;

/// <summary>The DHCPv4 server: a listener for each interface it was given, and nothing on any other.</summary>
public sealed class DhcpServer : IDisposable
{
    private readonly DhcpServerOptions _options;
    private readonly DhcpMetrics _metrics = new();
    private readonly DhcpResponder _responder;
    private readonly ILogger _logger;
    private readonly List<DhcpListener> _listeners = [];
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="leases">Stays the caller's: dispose it after the server's <see cref="Stop"/> and before its <see cref="Dispose"/>, so that replies on their way are still sent.</param>
    /// <param name="snapshot">Asked for each packet: networks and reservations are swapped whole, without a restart.</param>
    public DhcpServer(
        DhcpServerOptions options, LeaseStore leases, Func<AddressingSnapshot> snapshot, IBootOffers bootOffers, IDhcpObserver observer, TimeProvider time, ILogger<DhcpServer> logger)
    {
        _options = options;
        _logger = logger;
        _responder = new DhcpResponder(leases, snapshot, bootOffers, observer, time, _metrics, logger);
    }

    /// <summary>Ends when the server stopped, with an exception where the loop of an interface died of an error of its own.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Opens every interface, then answers on all of them; on none where one fails.</summary>
    /// <exception cref="ServerFault">An interface or its address is missing, or the port taken or forbidden.</exception>
    public void Start()
    {
        try
        {
            foreach (var @interface in _options.Interfaces)
            {
                CheckAddress(@interface);
                _listeners.Add(new DhcpListener(@interface, _options.ReceiveBuffer, _responder, _metrics, _logger, Died));
            }
        }
        catch
        {
            Close();
            throw;
        }

        _listeners.ForEach(l => l.Start());
    }

    /// <summary>Reads no more packets; replies whose leases are on their way to the disk still leave.</summary>
    public void Stop()
    {
        _listeners.ForEach(l => l.Stop());
        _completion.TrySetResult();
    }

    public void Dispose()
    {
        Close();
        _metrics.Dispose();
    }

    private void Died(Exception fault)
    {
        _completion.TrySetException(fault);
        DhcpLog.LoopFailed(_logger, fault);
    }

    private void Close()
    {
        _listeners.ForEach(l => l.Dispose());
        _listeners.Clear();
    }

    /// <summary>A server address that the interface does not have would be in every boot URL, and answer nobody.</summary>
    private static void CheckAddress(DhcpInterface @interface)
    {
        var known = NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(n => n.Name == @interface.Name)
            ?? throw new ServerFault($"There is no interface {@interface.Name}.", "Name one that `ip -br link` shows.");
        if (!known.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(@interface.Address)))
        {
            throw new ServerFault(
                $"{@interface.Name} does not have the address {@interface.Address}.",
                $"Add it with its prefix length (`ip addr add {@interface.Address}/24 dev {@interface.Name}`), or name the one that `ip -br addr` shows.");
        }
    }
}
