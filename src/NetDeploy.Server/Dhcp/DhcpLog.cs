using Microsoft.Extensions.Logging;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Dhcp;

internal static partial class DhcpLog
{
    [LoggerMessage(2000, LogLevel.Information, "DHCP answers on {Nic} as {Address}, port {Port}, receive buffer {ReceiveBuffer} bytes")]
    public static partial void Listening(ILogger logger, string nic, System.Net.IPAddress address, int port, int receiveBuffer);

    [LoggerMessage(2001, LogLevel.Information, "{Mac} {Xid:x8} {Request} on {Nic}: {Reply} {Address} {BootFile} ({Reason})")]
    public static partial void Decided(ILogger logger, MacAddress mac, uint xid, DhcpMessageType request, string nic, DhcpMessageType reply, string address, string bootFile, string reason);

    [LoggerMessage(2002, LogLevel.Information, "{Mac} {Xid:x8} {Request} on {Nic}: not answered ({Reason})")]
    public static partial void NotAnswered(ILogger logger, MacAddress mac, uint xid, DhcpMessageType request, string nic, string reason);

    [LoggerMessage(2003, LogLevel.Debug, "A packet of {Length} bytes on {Nic} is no DHCP request: {Reason}")]
    public static partial void Malformed(ILogger logger, int length, string nic, string reason);

    [LoggerMessage(2004, LogLevel.Warning, "{Mac} {Xid:x8}: {Reply} does not fit the client's {MaxMessageSize} bytes; left out the options {Options}")]
    public static partial void LeftOut(ILogger logger, MacAddress mac, uint xid, DhcpMessageType reply, int maxMessageSize, string options);

    [LoggerMessage(2005, LogLevel.Error, "A packet on {Nic} was not answered because of a fault in the server")]
    public static partial void Fault(ILogger logger, Exception error, string nic);

    [LoggerMessage(2006, LogLevel.Warning, "The kernel dropped {Count} packets on {Nic}: its receive buffer was full")]
    public static partial void Dropped(ILogger logger, long count, string nic);

    [LoggerMessage(2007, LogLevel.Warning, "A reply on {Nic} could not be sent to {Route}: {Error}")]
    public static partial void SendFailed(ILogger logger, string nic, string route, string error);

    [LoggerMessage(2008, LogLevel.Warning, "No raw packets on {Nic} ({Error}): replies go out by an ARP entry, or as broadcasts; CAP_NET_RAW would allow them")]
    public static partial void NoLinkSocket(ILogger logger, string nic, string error);

    [LoggerMessage(2009, LogLevel.Error, "DHCP on {Nic} stopped: {Error}; trying again every second")]
    public static partial void Interrupted(ILogger logger, string nic, string error);

    [LoggerMessage(2011, LogLevel.Critical, "DHCP stopped serving by an error of its own")]
    public static partial void LoopFailed(ILogger logger, Exception error);

    [LoggerMessage(2012, LogLevel.Warning, "{Warning}")]
    public static partial void SecondServer(ILogger logger, string warning);

    [LoggerMessage(2013, LogLevel.Information, "The DHCP server {Server} gives the addresses on {Nic}, network {Network} ({Evidence})")]
    public static partial void MainServer(ILogger logger, string server, string nic, string network, string evidence);

    [LoggerMessage(2014, LogLevel.Information, "{Mac} {Xid:x8} {Request} on {Nic}: {Said}")]
    public static partial void Shadowed(ILogger logger, MacAddress mac, uint xid, DhcpMessageType request, string nic, string said);

    [LoggerMessage(2015, LogLevel.Error, "{Fault}")]
    public static partial void BootPortClosed(ILogger logger, string fault);

    [LoggerMessage(2010, LogLevel.Information, "DHCP on {Nic} works again")]
    public static partial void Resumed(ILogger logger, string nic);
}
