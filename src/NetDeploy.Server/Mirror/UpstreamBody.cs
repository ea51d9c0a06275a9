namespace NetDeploy.Server.Mirror;

/// <summary>Reads an upstream's answer, and does not wait for ever.</summary>
internal static class UpstreamBody
{
    /// <exception cref="IOException">The body broke off, or nothing came for <paramref name="silence"/>.</exception>
    public static async Task<int> ReadAsync(Stream body, Memory<byte> buffer, TimeSpan silence, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(silence);
        try
        {
            return await body.ReadAsync(buffer, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"nothing came for {silence.TotalSeconds:0} s", e);
        }
    }
}
