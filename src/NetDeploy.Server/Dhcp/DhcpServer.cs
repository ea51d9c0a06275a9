using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Dhcp;

/// <summary>
/// The DHCPv4 server: a listener for each interface it was given, and nothing on any other. Port 4011 is open while some network is in mode proxy.
/// </summary>
public sealed class DhcpServer : IDisposable
{
    /// <summary>How soon an apply that brings the first network in mode proxy opens port 4011.</summary>
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(2);

    private readonly DhcpServerOptions _options;
    private readonly DhcpMetrics _metrics = new();
    private readonly DhcpResponder _responder;
    private readonly Func<AddressingSnapshot> _snapshot;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<DhcpListener> _listeners = [];
    private readonly List<DhcpListener> _bootListeners = [];
    private readonly List<DhcpSurvey> _surveys = [];
    private readonly Lock _changing = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _stop = new();
    private Thread? _modes;
    private string? _bootPortFault;

    /// <param name="leases">Stays the caller's: dispose it after the server's <see cref="Stop"/> and before its <see cref="Dispose"/>, so that replies on their way are still sent.</param>
    /// <param name="snapshot">Asked for each packet: networks and reservations are swapped whole, without a restart.</param>
    public DhcpServer(
        DhcpServerOptions options, LeaseStore leases, Func<AddressingSnapshot> snapshot, IBootOffers bootOffers, IDhcpObserver observer, TimeProvider time, ILogger<DhcpServer> logger)
    {
        _options = options;
        _snapshot = snapshot;
        _time = time;
        _logger = logger;
        _responder = new DhcpResponder(leases, snapshot, bootOffers, observer, time, _metrics, logger);
        Foreign = new ForeignServers(time);
    }

    /// <summary>Ends when the server stopped, with an exception where the loop of an interface died of an error of its own.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The other DHCP servers on its interfaces.</summary>
    public ForeignServers Foreign { get; }

    /// <summary>What is wrong now with who leases where, and with port 4011.</summary>
    public IEnumerable<string> Warnings()
    {
        var snapshot = _snapshot();
        lock (_changing)
        {
            return
            [
                .. Foreign.Warnings(snapshot, _options.Interfaces.Select(i => (i.Name, i.Address))),
                .. _surveys.Select(s => s.Missing(snapshot)).OfType<string>(),
                .. _bootPortFault is { } fault ? [fault] : Enumerable.Empty<string>(),
            ];
        }
    }

    /// <summary>Opens every interface, then answers on all of them; on none where one fails.</summary>
    /// <param name="neighbours">Of the network namespace that this is called in; stays the caller's until the server is disposed.</param>
    /// <exception cref="ServerFault">An interface or its address is missing, or a port taken or forbidden.</exception>
    internal void Start(INeighbours neighbours)
    {
        lock (_changing)
        {
            try
            {
                foreach (var @interface in _options.Interfaces)
                {
                    CheckAddress(@interface);
                    var survey = new DhcpSurvey(@interface, Foreign, neighbours, _time, _logger);
                    _surveys.Add(survey);
                    _listeners.Add(new DhcpListener(@interface, DhcpConstants.ServerPort, _options.ReceiveBuffer, _responder, survey, _metrics, _logger, Died));
                }

                if (NeedsBootPort)
                {
                    _bootListeners.AddRange(BootListeners());
                }
            }
            catch
            {
                Close();
                throw;
            }

            _listeners.ForEach(l => l.Start());
            _bootListeners.ForEach(l => l.Start());
            _modes = new Thread(FollowModes) { IsBackground = true, Name = "dhcp modes" };
            _modes.Start();
        }
    }

    private bool NeedsBootPort => _snapshot().Subnets.Any(s => s.Spec.Mode == NetworkMode.Proxy);

    /// <summary>A thread like those of the listeners, in the network namespace that this was started in: it opens port 4011 there.</summary>
    private void FollowModes()
    {
        try
        {
            do
            {
                Tick();
            }
            while (!_stop.Wait(s_tick));
        }
#pragma warning disable CA1031 // On a thread of its own it would end the process in the middle of a write; whoever started this ends it in order.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Died(fault);
        }
    }

    /// <summary>What it cannot do is said, and tried again by the next.</summary>
    private void Tick()
    {
        lock (_changing)
        {
            if (_stop.IsSet)
            {
                return;
            }

            ChangeBootPort();
            foreach (var (listener, survey) in _listeners.Zip(_surveys))
            {
                survey.Tick(_snapshot(), question => listener.Send(question.Span, new ReplyRoute.Unicast(Ipv4Address.Broadcast, DhcpConstants.ServerPort)));
            }
        }
    }

    private void ChangeBootPort()
    {
        if (!NeedsBootPort)
        {
            _bootListeners.ForEach(l => l.Dispose());
            _bootListeners.Clear();
            _bootPortFault = null;
        }
        else if (_bootListeners.Count == 0)
        {
            try
            {
                _bootListeners.AddRange(BootListeners());
                _bootListeners.ForEach(l => l.Start());
                _bootPortFault = null;
            }
            catch (ServerFault fault)
            {
                var text = $"{fault.Message} {fault.Remedy}";
                if (text != _bootPortFault)
                {
                    DhcpLog.BootPortClosed(_logger, text);
                }

                _bootPortFault = text;
            }
        }
    }

    /// <exception cref="ServerFault">One cannot be opened; then none is.</exception>
    private List<DhcpListener> BootListeners()
    {
        var opened = new List<DhcpListener>();
        try
        {
            foreach (var @interface in _options.Interfaces)
            {
                opened.Add(new DhcpListener(@interface, DhcpConstants.BootServerPort, _options.ReceiveBuffer, _responder, null, _metrics, _logger, Died));
            }

            return opened;
        }
        catch
        {
            opened.ForEach(l => l.Dispose());
            throw;
        }
    }

    /// <summary>Reads no more packets; replies whose leases are on their way to the disk still leave.</summary>
    public void Stop()
    {
        lock (_changing)
        {
            _stop.Set();
            _listeners.ForEach(l => l.Stop());
            _bootListeners.ForEach(l => l.Stop());
        }

        _completion.TrySetResult();
    }

    public void Dispose()
    {
        lock (_changing)
        {
            _stop.Set();
            Close();
        }

        _modes?.Join();
        _stop.Dispose();
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
        _bootListeners.ForEach(l => l.Dispose());
        _bootListeners.Clear();
        _surveys.Clear();
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
