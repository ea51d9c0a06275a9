namespace NetDeploy.Protocols.Tftp;

/// <summary>The text form of RFC 764 that the mode <c>netascii</c> means: LF becomes CR LF, and a lone CR becomes CR NUL.</summary>
public static class Netascii
{
    public static byte[] Encode(ReadOnlySpan<byte> text)
    {
        var grown = text.Count((byte)'\n') + text.Count((byte)'\r');
        var result = new byte[text.Length + grown];
        var at = 0;
        foreach (var b in text)
        {
            switch (b)
            {
                case (byte)'\n':
                    result[at++] = (byte)'\r';
                    result[at++] = b;
                    break;
                case (byte)'\r':
                    result[at++] = b;
                    result[at++] = 0;
                    break;
                default:
                    result[at++] = b;
                    break;
            }
        }

        return result;
    }
}
