using System.Net.Sockets;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Server.Linux;

namespace NetDeploy.Lab.Tests.Roms;

/// <summary>The cable between QEMU's card and a tap of the lab's bridge, with somebody in the middle. One frame a datagram.</summary>
internal sealed class Wire : IDisposable
{
    private readonly FileStream _tap;
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Poller _poller = new();
    private readonly string _card;
    private readonly string _here;
    private readonly PlainRom _rom;
    private readonly Thread _thread;
    private volatile bool _pulled;
    private volatile Exception? _fault;

    /// <param name="tap">Is there, and plugged into the bridge.</param>
    /// <param name="folder">For the two sockets.</param>
    public Wire(LabNetwork network, string tap, string folder, PlainRom rom)
    {
        _rom = rom;
        (_card, _here) = (Path.Combine(folder, "card.sock"), Path.Combine(folder, "wire.sock"));
        _socket.Bind(new UnixDomainSocketEndPoint(_here));
        _tap = Tap.Open(network, tap);
        _poller.Add((int)_tap.SafeFileHandle.DangerousGetHandle());
        _poller.Add((int)_socket.Handle);
        _thread = new Thread(Carry) { IsBackground = true, Name = "wire" };
        _thread.Start();
    }

    /// <summary>What went wrong on the wire's own thread; the test looks at it while it waits.</summary>
    public Exception? Fault => _fault;

    /// <summary>QEMU's end, in place of its tap.</summary>
    public string Netdev => $"dgram,id=wire,local.type=unix,local.path={_card},remote.type=unix,remote.path={_here}";

    /// <summary>Pulls it out; again does nothing.</summary>
    public void Dispose()
    {
        if (_pulled)
        {
            return;
        }

        _pulled = true;
        _poller.Wake();
        _thread.Join();
        _poller.Dispose();
        _socket.Dispose();
        _tap.Dispose();
        File.Delete(_here);
    }

    private void Carry()
    {
        var frame = new byte[65536];
        var ready = new List<int>();
        try
        {
            while (!_pulled)
            {
                _poller.Wait(TimeSpan.FromSeconds(10), ready);
                foreach (var end in ready)
                {
                    if (end == (int)_socket.Handle)
                    {
                        var sent = frame.AsSpan(0, _socket.Receive(frame));
                        _rom.Sends(sent);
                        _tap.Write(sent);
                    }
                    else
                    {
                        var received = frame.AsSpan(0, _tap.Read(frame));
                        _rom.Receives(received);
                        ToCard(received);
                    }
                }
            }
        }
#pragma warning disable CA1031 // The test fails by it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _fault = e;
        }
    }

    private void ToCard(ReadOnlySpan<byte> frame)
    {
        try
        {
            _socket.SendTo(frame, SocketFlags.None, new UnixDomainSocketEndPoint(_card));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable || !File.Exists(_card))
        {
            // No card at the other end yet, or none any more: the frame is lost, as on any cable.
        }
    }
}
