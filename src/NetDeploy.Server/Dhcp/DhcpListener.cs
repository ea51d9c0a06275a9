using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Dhcp;

/// <summary>The receive thread of one port of one interface. An interface that goes away is opened again when it is back.</summary>
internal sealed unsafe class DhcpListener : IDisposable
{
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);

    private readonly DhcpInterface _interface;
    private readonly Ipv4Address _ownAddress;
    private readonly int _port;
    private readonly int _receiveBuffer;
    private readonly DhcpResponder _responder;
    private readonly DhcpSurvey? _survey;
    private readonly DhcpMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Action<Exception> _died;
    private readonly Thread _thread;
    private readonly int _stop;
    private volatile bool _stopping;
    private volatile DhcpSocket _socket;
    private uint _dropped;

    /// <param name="survey">Of other servers on this interface; null on a port where none answers.</param>
    /// <param name="died">Told on its own thread why the loop ended that nobody stopped.</param>
    /// <exception cref="ServerFault">The interface is missing, or the port taken or forbidden.</exception>
    public DhcpListener(DhcpInterface @interface, int port, int receiveBuffer, DhcpResponder responder, DhcpSurvey? survey, DhcpMetrics metrics, ILogger logger, Action<Exception> died)
    {
        _interface = @interface;
        _ownAddress = Ipv4Address.From(@interface.Address);
        _port = port;
        _receiveBuffer = receiveBuffer;
        _responder = responder;
        _survey = survey;
        _metrics = metrics;
        _logger = logger;
        _died = died;
        _socket = DhcpSocket.Open(@interface, port, receiveBuffer, metrics, logger);
        _stop = LibC.EventFd(0, LibC.SockCloseOnExec);
        if (_stop < 0)
        {
            _socket.Dispose();
            throw new ServerFault($"No event descriptor: {Marshal.GetLastPInvokeErrorMessage()}.", "Let the process open more files (systemd: LimitNOFILE=).");
        }

        _thread = new Thread(Guard) { IsBackground = true, Name = $"dhcp {@interface.Name}:{port}" };
    }

    public void Start()
    {
        DhcpLog.Listening(_logger, _interface.Name, _interface.Address, _port, _receiveBuffer);
        _thread.Start();
    }

    /// <summary>Says something that nobody asked for.</summary>
    public void Send(ReadOnlySpan<byte> packet, ReplyRoute route) => _socket.Send(packet, route);

    /// <summary>Reads no more. The socket stays open for the replies of leases on their way to the disk.</summary>
    public void Stop()
    {
        _stopping = true;
        var one = 1UL;
        _ = LibC.Write(_stop, &one, sizeof(ulong));
        if (_thread.IsAlive)
        {
            _thread.Join();
        }
    }

    public void Dispose()
    {
        Stop();
        _socket.Dispose();
        _ = LibC.Close(_stop);
    }

    private void Guard()
    {
        try
        {
            Run();
        }
#pragma warning disable CA1031 // On a thread of its own it would end the process in the middle of a write; whoever started this ends it in order.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _died(fault);
        }
    }

    private void Run()
    {
        var buffer = new byte[DhcpConstants.MaximumPacketLength];
        while (!_stopping)
        {
            try
            {
                if (Wait(_socket.Descriptor, Timeout.InfiniteTimeSpan))
                {
                    Drain(buffer);
                }
            }
            catch (DhcpSocketException error)
            {
                DhcpLog.Interrupted(_logger, _interface.Name, error.Message);
                Reopen();
            }
        }
    }

    private void Drain(byte[] buffer)
    {
        while (!_stopping && _socket.Receive(buffer) is { } packet)
        {
            // The kernel leaves the count out while it is 0.
            if (packet.Dropped > _dropped)
            {
                var count = packet.Dropped - _dropped;
                _dropped = packet.Dropped;
                _metrics.Dropped(_interface.Name, count);
                DhcpLog.Dropped(_logger, count, _interface.Name);
            }

            try
            {
                _responder.Handle(buffer.AsSpan(0, packet.Length), IngressOf(packet), _socket, _survey);
            }
#pragma warning disable CA1031 // One packet must not end the service of all: the fault is logged with its stack, and the loop goes on.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                DhcpLog.Fault(_logger, fault, _interface.Name);
            }
        }
    }

    private Ingress IngressOf(ReceivedPacket packet) => new(_interface.Name, _ownAddress, packet.Destination == _ownAddress)
    {
        Port = _port,
        Source = packet.Source,
        SourcePort = packet.SourcePort,
    };

    private void Reopen()
    {
        _socket.Dispose();
        while (!_stopping)
        {
            Wait(-1, s_retry);
            try
            {
                _socket = DhcpSocket.Open(_interface, _port, _receiveBuffer, _metrics, _logger);
                _dropped = 0;
                DhcpLog.Resumed(_logger, _interface.Name);
                return;
            }
            catch (ServerFault)
            {
                // Said once, by Interrupted; the interface is still away.
                continue;
            }
        }
    }

    /// <summary>True: the descriptor can be read. False: time is over, or the listener stops.</summary>
    private bool Wait(int descriptor, TimeSpan timeout)
    {
        var entries = stackalloc LibC.PollFd[2];
        entries[0] = new LibC.PollFd { Fd = _stop, Events = LibC.PollIn };
        entries[1] = new LibC.PollFd { Fd = descriptor, Events = LibC.PollIn };
        return LibC.Poll(entries, 2, timeout == Timeout.InfiniteTimeSpan ? -1 : (int)timeout.TotalMilliseconds) > 0 && entries[1].Returned != 0;
    }
}
