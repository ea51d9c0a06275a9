namespace NetDeploy.Client;

/// <summary>The server refused or failed; the message says what, <see cref="Remedy"/> what to do.</summary>
/// <param name="status">The HTTP status; 0 where no answer came.</param>
public sealed class NetDeployApiException(
    string message,
    string? remedy = null,
    int status = 0,
    IReadOnlyList<DiagnosticView>? diagnostics = null,
    Exception? inner = null,
    string? confirm = null) : Exception(message, inner)
{
    public string? Remedy { get; } = remedy;

    public int Status { get; } = status;

    /// <summary>What has to be confirmed to have it done nevertheless: the machine's name; null where that is not what it lacks.</summary>
    public string? Confirm { get; } = confirm;

    public IReadOnlyList<DiagnosticView> Diagnostics { get; } = diagnostics ?? [];
}
