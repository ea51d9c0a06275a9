namespace NetDeploy.Server.Dhcp;

/// <summary>A socket that worked does not any more: its interface went down or away.</summary>
internal sealed class DhcpSocketException(string message) : Exception(message);
