using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace NetDeploy.Server.Boot;

/// <summary>The <c>key=value</c> lines of the deploy environment's reports (bootfiles/deploy/PROTOCOL.md). Keys may repeat.</summary>
internal static class KeyValueText
{
    /// <summary>Longer reports are refused: nothing honest comes near.</summary>
    public const int Limit = 256 * 1024;

    /// <summary>At most <paramref name="limit"/> bytes of the body; null where it is longer.</summary>
    public static async Task<byte[]?> BodyAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await request.Body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            if (body.Length + read > limit)
            {
                return null;
            }

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    /// <summary>The last <paramref name="keep"/> bytes of a body that may be longer, up to <paramref name="limit"/>: the end of a log tells why it ended.</summary>
    public static async Task<byte[]> TailAsync(HttpRequest request, int keep, long limit, CancellationToken cancellationToken)
    {
        using var tail = new MemoryStream();
        var buffer = new byte[64 * 1024];
        long total = 0;
        while (total <= limit && await request.Body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            total += read;
            tail.Write(buffer, 0, read);
            if (tail.Length > 2L * keep)
            {
                var kept = tail.ToArray().AsSpan(^keep..).ToArray();
                tail.SetLength(0);
                tail.Write(kept);
            }
        }

        var all = tail.ToArray();
        return all.Length > keep ? all[^keep..] : all;
    }

    public static List<KeyValuePair<string, string>> Parse(ReadOnlySpan<byte> body)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var line in Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                pairs.Add(new(line[..equals].Trim(), line[(equals + 1)..].Trim()));
            }
        }

        return pairs;
    }

    public static string? First(this List<KeyValuePair<string, string>> pairs, string key) =>
        pairs.Where(p => p.Key == key).Select(p => p.Value).FirstOrDefault();

    public static int? Number(this List<KeyValuePair<string, string>> pairs, string key) =>
        int.TryParse(pairs.First(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
