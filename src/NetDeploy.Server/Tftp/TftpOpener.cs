using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Server.Tftp;

/// <summary>What came of opening a file: a source with its first chunk in memory, or why there is none, for the log and for the client.</summary>
internal readonly record struct TftpOpened(TftpSession Session, TftpBlockSource? Source, TftpErrorCode Error, string Reason, string Told)
{
    public static TftpOpened Ready(TftpSession session, TftpBlockSource source) => new(session, source, default, "", "");

    public static TftpOpened Refused(TftpSession session, TftpErrorCode error, string reason, string? told = null) =>
        new(session, null, error, reason, told ?? reason);
}

/// <summary>Opens files away from the engine's thread. Never throws: content that does refuses one request.</summary>
internal static class TftpOpener
{
    public static async Task<TftpOpened> OpenAsync(TftpSession session, ITftpContent content, TftpOptions options)
    {
        try
        {
            var reply = await content.OpenAsync(session.Read, session.Opening.Token).ConfigureAwait(false);
            if (reply is TftpRefusal refusal)
            {
                return TftpOpened.Refused(session, TftpErrorCode.AccessViolation, $"refused: {refusal.Reason}", "access violation");
            }

            if (reply is not TftpFile file)
            {
                return TftpOpened.Refused(session, TftpErrorCode.FileNotFound, "file not found");
            }

            if (session.Request.IsNetascii)
            {
                if (file.Length > options.MaxNetasciiBytes)
                {
                    await file.Content.DisposeAsync().ConfigureAwait(false);
                    return TftpOpened.Refused(session, TftpErrorCode.NotDefined, "too large for netascii, use mode octet");
                }

                file = await ConvertAsync(file, session.Opening.Token).ConfigureAwait(false);
            }

            var source = new TftpBlockSource(file);
            try
            {
                source.LoadFirst();
            }
            catch
            {
                source.Dispose();
                throw;
            }

            return TftpOpened.Ready(session, source);
        }
        catch (Exception e)
        {
            return TftpOpened.Refused(session, TftpErrorCode.NotDefined, $"cannot be opened: {e.Message}", "the server cannot open the file");
        }
    }

    private static async Task<TftpFile> ConvertAsync(TftpFile file, CancellationToken cancellationToken)
    {
        await using var content = file.Content.ConfigureAwait(false);
        var text = new byte[file.Length];
        file.Content.Position = 0;
        await file.Content.ReadExactlyAsync(text, cancellationToken).ConfigureAwait(false);
        var encoded = Netascii.Encode(text);
        return new TftpFile(new MemoryStream(encoded, writable: false), encoded.Length);
    }
}
