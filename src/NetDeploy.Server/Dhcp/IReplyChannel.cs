using NetDeploy.Core.Addressing;

namespace NetDeploy.Server.Dhcp;

/// <summary>How replies leave. Safe from any thread.</summary>
internal interface IReplyChannel
{
    void Send(ReadOnlySpan<byte> reply, ReplyRoute route);
}
