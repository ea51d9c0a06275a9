using System.Text.RegularExpressions;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The formats that are one regular expression, for who checks them elsewhere.</summary>
internal static partial class Formats
{
    /// <summary>In the words of JSON Schema (ECMA 262); null where the format is more than a spelling, or takes several.</summary>
    public static string? PatternOf(Format format)
    {
        var pattern = format.Method.Name switch
        {
            nameof(Name) => NameSpelling(),
            nameof(DnsLabel) => DnsLabelPattern(),
            nameof(Account) => AccountPattern(),
            nameof(Package) => PackagePattern(),
            nameof(Unit) => UnitPattern(),
            nameof(Suite) => SuitePattern(),
            nameof(MountOptions) => OptionsPattern(),
            nameof(Label) => LabelPattern(),
            nameof(AbsolutePath) => PathPattern(),
            nameof(CryptHash) => CryptPattern(),
            nameof(LocaleName) => LocalePattern(),
            nameof(TimeZone) => TimeZonePattern(),
            nameof(KernelArgument) => KernelPattern(),
            nameof(DiskName) => DiskPattern(),
            nameof(VolumeName) => VolumePattern(),
            nameof(Thumbprint) => ThumbprintPattern(),
            _ => (Regex?)null,
        };
        return pattern?.ToString().Replace(@"\A", "^", StringComparison.Ordinal).Replace(@"\z", "$", StringComparison.Ordinal);
    }
}
