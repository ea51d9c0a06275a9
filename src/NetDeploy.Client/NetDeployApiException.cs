namespace NetDeploy.Client;

/// <summary>The server refused or failed; the message says what, <see cref="Remedy"/> what to do.</summary>
public sealed class NetDeployApiException : Exception
{
    public NetDeployApiException(string message, string? remedy = null, int status = 0, IReadOnlyList<DiagnosticView>? diagnostics = null, Exception? inner = null)
        : base(message, inner)
    {
        Remedy = remedy;
        Status = status;
        Diagnostics = diagnostics ?? [];
    }

    public NetDeployApiException()
        : this("The server failed.")
    {
    }

    public NetDeployApiException(string message)
        : this(message, remedy: null)
    {
    }

    public NetDeployApiException(string message, Exception innerException)
        : this(message, remedy: null, inner: innerException)
    {
    }

    public string? Remedy { get; }

    /// <summary>The HTTP status; 0 where no answer came.</summary>
    public int Status { get; }

    public IReadOnlyList<DiagnosticView> Diagnostics { get; }
}
