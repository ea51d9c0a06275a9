using System.Globalization;

namespace NetDeploy.Core.Mirrors;

/// <summary>A part of a file: what apt asks for to go on where it was cut off (RFC 9110, 14).</summary>
/// <param name="Count">May be less than was asked for, where the file ends before.</param>
public readonly record struct ByteRange(long Offset, long Count)
{
    /// <summary>The whole file where there is no range, or a form that one may ignore (several ranges, other units); null where nothing of the file is in it.</summary>
    public static ByteRange? Of(string? header, long length)
    {
        var whole = new ByteRange(0, length);
        if (header is null || !header.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) || header.Contains(',', StringComparison.Ordinal)
            || header[6..].Split('-') is not [var first, var last])
        {
            return whole;
        }

        var from = Number(first);
        var to = Number(last);
        return (from, to) switch
        {
            ({ } offset, { } end) when end < offset => whole,
            ({ } offset, { } end) => offset < length ? new ByteRange(offset, Math.Min(end, length - 1) - offset + 1) : null,
            ({ } offset, null) when last.Trim().Length == 0 => offset < length ? new ByteRange(offset, length - offset) : null,
            (null, { } suffix) when first.Trim().Length == 0 => suffix > 0 && length > 0 ? new ByteRange(Math.Max(0, length - suffix), Math.Min(suffix, length)) : null,
            _ => whole,
        };
    }

    private static long? Number(string text) => long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
