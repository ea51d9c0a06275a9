namespace NetDeploy.Core.Enrolment;

/// <summary>What a machine's firmware says of it. Printable ASCII of at most <see cref="MaxLength"/> characters: it is whatever somebody sent.</summary>
/// <param name="Asset">The asset tag.</param>
public sealed record Smbios(string Vendor, string Product, string Serial, string Asset = "")
{
    public const int MaxLength = 64;

    public static Smbios Of(string? vendor, string? product, string? serial, string? asset = null) =>
        new(Plain(vendor), Plain(product), Plain(serial), Plain(asset));

    private static string Plain(string? text) =>
        text is null ? "" : string.Concat(text.Take(MaxLength).Select(c => c is >= ' ' and <= '~' ? c : '?')).Trim();
}
