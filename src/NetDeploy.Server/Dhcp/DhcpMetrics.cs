using System.Diagnostics.Metrics;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Dhcp;

/// <summary>The meter <c>NetDeploy.Dhcp</c>.</summary>
internal sealed class DhcpMetrics : IDisposable
{
    public const string MeterName = "NetDeploy.Dhcp";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _replies;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _sendErrors;

    public DhcpMetrics()
    {
        _requests = _meter.CreateCounter<long>("netdeploy.dhcp.requests", "{packet}", "Packets read, by message type");
        _replies = _meter.CreateCounter<long>("netdeploy.dhcp.replies", "{packet}", "Replies sent, by message type");
        _refused = _meter.CreateCounter<long>("netdeploy.dhcp.malformed", "{packet}", "Packets that are not DHCP, by reason");
        _dropped = _meter.CreateCounter<long>("netdeploy.dhcp.kernel_drops", "{packet}", "Packets the kernel dropped as its buffer was full, by interface");
        _lost = _meter.CreateCounter<long>("netdeploy.dhcp.unwritten", "{lease}", "Replies not sent, as their leases could not be written");
        _sendErrors = _meter.CreateCounter<long>("netdeploy.dhcp.send_errors", "{packet}", "Replies the network did not take, by interface");
    }

    public void Request(DhcpMessageType type) => _requests.Add(1, Tag("type", type.ToString()));

    public void Reply(DhcpMessageType type) => _replies.Add(1, Tag("type", type.ToString()));

    public void Malformed(string reason) => _refused.Add(1, Tag("reason", reason));

    public void Dropped(string interfaceName, long count) => _dropped.Add(count, Tag("interface", interfaceName));

    public void Unwritten() => _lost.Add(1);

    public void SendError(string interfaceName) => _sendErrors.Add(1, Tag("interface", interfaceName));

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
