using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>A server's namespace and one for all blades, joined by a veth pair. Removed on dispose.</summary>
internal sealed class BladeSegment : IAsyncDisposable
{
    public const string ServerInterface = "srv0";
    public const string ServerAddress = "10.99.0.1";

    /// <summary>With this port, the boot listener's.</summary>
    public const int BootPort = 8080;

    private const string BladeInterface = "cli0";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DhcpAnswer = TimeSpan.FromMilliseconds(400);

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"ndt-kill-{Environment.ProcessId}-{Guid.NewGuid().ToString("n")[..4]}");

    /// <summary>One client port on the segment: one exchange at a time.</summary>
    private readonly SemaphoreSlim _dhcp = new(1);

    private BladeSegment()
    {
    }

    public string Server => _name + "s";

    public string Blades => _name + "b";

    private string BladesHandle => $"/run/netns/{Blades}";

    /// <param name="addresses">All that a blade may be leased.</param>
    public static async Task<BladeSegment> CreateAsync(IEnumerable<string> addresses)
    {
        var segment = new BladeSegment();
        try
        {
            await IpAsync($"netns add {segment.Server}");
            await IpAsync($"netns add {segment.Blades}");
            await IpAsync($"-n {segment.Server} link add {ServerInterface} type veth peer name {BladeInterface} netns {segment.Blades}");
            await IpAsync($"-n {segment.Server} addr add {ServerAddress}/24 dev {ServerInterface}");
            await IpAsync($"-n {segment.Server} link set lo up");
            await IpAsync($"-n {segment.Server} link set {ServerInterface} up");
            await IpAsync($"-n {segment.Blades} link set {BladeInterface} up");
            foreach (var address in addresses)
            {
                await IpAsync($"-n {segment.Blades} addr add {address}/24 dev {BladeInterface}");
            }

            return segment;
        }
        catch
        {
            await segment.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        var runner = new CommandRunner();
        await runner.RunAsync(["ip", "netns", "del", Blades], Patience);
        await runner.RunAsync(["ip", "netns", "del", Server], Patience);
        _dhcp.Dispose();
    }

    /// <summary>HTTP from one blade: a connection a request, as the deploy environment does it, so that nothing below repeats a request.</summary>
    public HttpClient ClientOf(Func<IPAddress> source) => new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            try
            {
                socket.Bind(new IPEndPoint(source(), 0));
                await socket.ConnectAsync(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{ServerAddress}:{BootPort}")), Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>DISCOVER, OFFER, REQUEST, ACK as iPXE asks (RFC 2131). Null where an answer was missing.</summary>
    public async Task<IPAddress?> LeaseAsync(MacAddress mac, uint transaction)
    {
        await _dhcp.WaitAsync();
        try
        {
            using var socket = Inside(() =>
            {
                var made = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
                // SOL_SOCKET, SO_BINDTODEVICE: without it 255.255.255.255 has no route here.
                made.SetRawSocketOption(1, 25, Encoding.ASCII.GetBytes(BladeInterface + "\0"));
                made.Bind(new IPEndPoint(IPAddress.Any, 68));
                return made;
            });
            if (await AskAsync(socket, mac, transaction, new DhcpOptionsBuilder().Add(DhcpMessageType.Discover)) is not { MessageType: DhcpMessageType.Offer } offer)
            {
                return null;
            }

            var request = new DhcpOptionsBuilder()
                .Add(DhcpMessageType.Request)
                .Add(DhcpOptionCode.RequestedAddress, offer.YourAddress)
                .Add(DhcpOptionCode.ServerIdentifier, offer.Options.ServerIdentifier!.Value);
            return await AskAsync(socket, mac, transaction, request) is { MessageType: DhcpMessageType.Ack } ack ? ack.YourAddress.ToIPAddress() : null;
        }
        finally
        {
            _dhcp.Release();
        }
    }

    private static async Task<DhcpPacket?> AskAsync(Socket socket, MacAddress mac, uint transaction, DhcpOptionsBuilder options)
    {
        var hardware = new byte[6];
        mac.CopyTo(hardware);
        var packet = new DhcpPacket
        {
            Op = DhcpOp.Request,
            HardwareAddress = hardware,
            TransactionId = transaction,
            Flags = DhcpConstants.BroadcastFlag,
            Options = options
                .Add(DhcpOptionCode.VendorClass, "PXEClient:Arch:00007:UNDI:003010")
                .Add(DhcpOptionCode.UserClass, "iPXE")
                .Add(DhcpOptionCode.ClientArchitecture, new byte[] { 0, 7 })
                .Build(),
        };
        var bytes = new byte[DhcpEncoder.MaximumLength];
        var length = DhcpEncoder.Write(packet, DhcpConstants.MaximumMessageSize, bytes).Length;
        await socket.SendToAsync(bytes.AsMemory(0, length), SocketFlags.None, new IPEndPoint(IPAddress.Broadcast, 67));
        using var late = new CancellationTokenSource(DhcpAnswer);
        try
        {
            while (true)
            {
                var received = (await socket.ReceiveFromAsync(bytes, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), late.Token)).ReceivedBytes;
                if (DhcpDecoder.TryRead(bytes.AsSpan(0, received), out var answer, out _) && answer.Op == DhcpOp.Reply && answer.TransactionId == transaction && answer.Mac == mac)
                {
                    return answer;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private Socket Inside(Func<Socket> make)
    {
        Socket? made = null;
        Namespaces.RunInside(BladesHandle, () => made = make());
        return made!;
    }

    private static async Task IpAsync(string arguments)
    {
        var result = await new CommandRunner().RunAsync(["ip", .. arguments.Split(' ')], Patience);
        Assert.True(result.ExitCode == 0, $"ip {arguments}: {result}");
    }
}
