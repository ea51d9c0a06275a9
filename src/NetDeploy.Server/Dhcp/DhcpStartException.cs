namespace NetDeploy.Server.Dhcp;

/// <summary>The listener cannot start on this host as it is; the message names the remedy.</summary>
public sealed class DhcpStartException : Exception
{
    public DhcpStartException()
    {
    }

    public DhcpStartException(string message)
        : base(message)
    {
    }

    public DhcpStartException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
