namespace NetDeploy.Server.Dhcp;

/// <summary>A socket that worked does not any more: its interface went down or away.</summary>
internal sealed class DhcpSocketException : Exception
{
    public DhcpSocketException()
    {
    }

    public DhcpSocketException(string message)
        : base(message)
    {
    }

    public DhcpSocketException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
