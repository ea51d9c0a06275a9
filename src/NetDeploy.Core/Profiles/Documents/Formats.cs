using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NetDeploy.Core.Enrolment;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The spellings of single values. Each check returns null, or what is wrong.</summary>
internal static partial class Formats
{
    public static string? Text(ref string text) =>
        HasControls(text) ? "holds a control character or a line break." : null;

    public static string? Lines(ref string text) =>
        text.Any(c => char.IsControl(c) && c is not ('\n' or '\t')) ? "holds a control character." : null;

    public static string? Name(ref string text) =>
        NameSpelling().IsMatch(text) ? null : "is no name: letters, digits, '.', '_' and '-', at most 63, the first a letter or digit.";

    /// <summary>RFC 1123 section 2.1, lower case.</summary>
    public static string? DnsLabel(ref string text) =>
        DnsLabelPattern().IsMatch(text) ? null : "is no host name: lower-case letters, digits and '-', at most 63, neither end a '-'.";

    public static string? DnsName(ref string text) =>
        text.Length <= 253 && text.Split('.').All(DnsLabelPattern().IsMatch) ? null : "is no domain name.";

    /// <summary>What useradd of the families takes without being told to look away.</summary>
    public static string? Account(ref string text) =>
        AccountPattern().IsMatch(text) ? null : "is no account name: lower-case letters, digits, '_' and '-', at most 32, the first a letter or '_'.";

    /// <summary>Debian Policy 5.6.1 and RPM's names together.</summary>
    public static string? Package(ref string text) =>
        PackagePattern().IsMatch(text) ? null : "is no package name.";

    public static string? Unit(ref string text) =>
        UnitPattern().IsMatch(text) ? null : "is no service name.";

    public static string? Flag(ref string text)
    {
        text = text is "True" or "TRUE" ? "true" : text is "False" or "FALSE" ? "false" : text;
        return text is "true" or "false" ? null : "is neither true nor false.";
    }

    public static Format Number(int min, int max) => (ref text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= min && n <= max
            ? null : string.Create(CultureInfo.InvariantCulture, $"is no whole number from {min} to {max}.");

    public static Format Word(params string[] words) => (ref text) =>
        words.Contains(text) ? null : $"is none of: {string.Join(", ", words)}.";

    public static string? Mac(ref string text)
    {
        if (!MacAddress.TryParse(text, CultureInfo.InvariantCulture, out var mac))
        {
            return "is no MAC address.";
        }

        text = mac.ToString();
        return mac.IsMulticast ? "is a multicast address, which no NIC owns." : mac.IsZero ? "is an address no NIC owns." : null;
    }

    public static string? MacOrBoot(ref string text) => text == "boot" ? null : Mac(ref text);

    public static string? Uuid(ref string text)
    {
        if (!Guid.TryParseExact(text, "D", out var uuid))
        {
            return "is no UUID.";
        }

        text = uuid.ToString("D");
        return uuid == Guid.Empty ? "is the UUID of no machine." : null;
    }

    public static string? Hex(ref string text)
    {
        text = text.ToLowerInvariant();
        return text.Length is > 0 and <= 510 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? null : "is no hex text.";
    }

    public static string? Ipv4(ref string text) =>
        Values.TryAddress(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork ? null : "is no IPv4 address.";

    public static string? Address(ref string text) => Values.TryAddress(text, out _) ? null : "is no IP address.";

    public static string? AddressWithPrefix(ref string text) => Values.TryAddressWithPrefix(text, out _) ? null : "is no address with prefix length.";

    public static string? AddressWithPrefixOrReserved(ref string text) => text == "reserved" ? null : AddressWithPrefix(ref text);

    /// <summary>Of either family; written as its first address.</summary>
    public static string? AnySubnet(ref string text) =>
        !Values.TryAddressWithPrefix(text, out var subnet) ? "is no subnet."
        : subnet.PrefixLength == 0 ? "is the default route."
        : IsSubnet(subnet) ? null : "has bits set beyond its prefix.";

    public static string? AddressOrSubnet(ref string text) =>
        Values.TryAddress(text, out _) ? null
        : !Values.TryAddressWithPrefix(text, out var subnet) ? "is no address or subnet."
        : IsSubnet(subnet) ? null : "has bits set beyond its prefix.";

    /// <summary>Linux's IFNAMSIZ leaves 15 characters; names that kernels, udev and hypervisors give themselves are refused.</summary>
    public static string? InterfaceName(ref string text) =>
        text.Length > 15 ? "is longer than the 15 characters that Linux has for it."
        : !InterfacePattern().IsMatch(text) ? "is no interface name: lower-case letters, digits, '_', '.' and '-', the first a letter."
        : ReservedInterfacePattern().IsMatch(text) ? "is a name that the system gives itself." : null;

    public static string? InterfaceReference(ref string text)
    {
        var mac = text;
        if (Mac(ref mac) is null)
        {
            text = mac;
            return null;
        }

        return text == NicSpec.BootKey ? null : InterfaceName(ref text);
    }

    public static string? Ports(ref string text) => Values.TryPorts(text, out _) ? null : "is no port or range of ports from 1 to 65535.";

    public static string? GitReference(ref string text) =>
        GitReferencePattern().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal) ? null : "is no branch, tag or commit.";

    public static string? RelativePath(ref string text) =>
        RelativePathPattern().IsMatch(text) && !text.Split('/').Contains("..") ? null : "is no path below the repository.";

    /// <summary>RFC 9580 section 6.2: one block, whose first packet is a public key.</summary>
    public static string? OpenPgpKey(ref string text)
    {
        text = text.Trim().ReplaceLineEndings("\n") + "\n";
        return text.Contains("PRIVATE KEY", StringComparison.Ordinal) ? "is a private key."
            : OpenPgpArmor.HoldsPublicKey(text) ? null : "is no armored OpenPGP public key.";
    }

    public static string? Subnet(ref string text) =>
        !Values.TryAddressWithPrefix(text, out var a) || a.Address.AddressFamily != AddressFamily.InterNetwork ? "is no IPv4 subnet."
        : !IPNetwork.TryParse(text, out var network) || !network.BaseAddress.Equals(a.Address) ? "has bits set beyond its prefix."
        : a.PrefixLength is < 8 or > 30 ? "is no subnet to serve: the prefix goes from /8 to /30." : null;

    public static string? Size(ref string text) => Values.TrySize(text, out _) ? null : "is no size.";

    public static string? SizeOrRest(ref string text) => text == "rest" ? null : Size(ref text);

    public static string? Duration(ref string text) => Durations.TryParse(text, out _) ? null : "is no duration.";

    public static string? HttpUrl(ref string text)
    {
        text = text.TrimEnd('/');
        return !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || text.Any(c => c <= ' ' || c is '\'' or '"' or '[' or ']') ? "is no http or https address."
            : uri.UserInfo.Length > 0 ? "carries a user name or password, which would be copied into every image."
            : uri.Query.Length > 0 || uri.Fragment.Length > 0 ? "has a query or fragment." : null;
    }

    /// <summary>It becomes a word of a sources list.</summary>
    public static string? Suite(ref string text) => SuitePattern().IsMatch(text) ? null : "is no name of a suite or component.";

    public static string? MountPoint(ref string text) =>
        text == "/" || (MountPattern().IsMatch(text) && !text.Split('/').Any(p => p is "." or "..")) ? null : "is no absolute path, or holds characters that fstab has no place for.";

    public static string? MountOptions(ref string text) => OptionsPattern().IsMatch(text) ? null : "is no list of mount options.";

    public static string? Label(ref string text) => LabelPattern().IsMatch(text) ? null : "is no label: at most 11 letters, digits, '_' and '-'.";

    public static string? AbsolutePath(ref string text) => PathPattern().IsMatch(text) ? null : "is no absolute path.";

    public static string? Comment(ref string text) =>
        Text(ref text) ?? (text.Contains(':', StringComparison.Ordinal) || text.Length > 128 ? "has a ':' or more than 128 characters, which /etc/passwd cannot hold." : null);

    public static string? CryptHash(ref string text) =>
        CryptPattern().IsMatch(text) ? null : "is no crypt hash of a strong method ($6$, $y$, $5$, $2b$).";

    public static string? SshKey(ref string text)
    {
        text = text.Trim();
        return text.Contains("PRIVATE KEY", StringComparison.Ordinal) ? "is a private key." : SshKeyPattern().IsMatch(text) ? null : "is no SSH public key.";
    }

    public static string? LocaleName(ref string text) =>
        LocalePattern().IsMatch(text) ? null : "is no UTF-8 locale.";

    public static string? TimeZone(ref string text) =>
        TimeZonePattern().IsMatch(text) ? null : "is no name of the IANA time zone database.";

    /// <summary>It passes through a shell-sourced file and a boot loader's configuration: no white space, quotes, expansion.</summary>
    public static string? KernelArgument(ref string text) =>
        KernelPattern().IsMatch(text) ? null : "is no kernel argument: one word of letters, digits and _.,:=/+@%-.";

    public static string? HostOrAddress(ref string text) => Values.TryAddress(text, out _) ? null : DnsName(ref text);

    public static string? ModelGlob(ref string text) =>
        Text(ref text) ?? (text.Length is 0 or > 64 ? "is no model name." : null);

    public static string? Glob(ref string text) =>
        Text(ref text) ?? (text.Length is 0 or > 128 ? "is no pattern of 1 to 128 characters." : null);

    /// <summary>One to six octets; a prefix ends with one.</summary>
    public static string? MacPrefix(ref string text)
    {
        text = text.ToLowerInvariant().Replace('-', ':');
        return MacPrefixPattern().IsMatch(text) ? null : "is no beginning of a MAC address.";
    }

    public static string? HostPattern(ref string text) => NamePattern.Fault(text);

    public static string? DiskName(ref string text) =>
        DiskPattern().IsMatch(text) ? null : "is no name: lower-case letters, digits and '-', at most 32, the first a letter.";

    /// <summary>What LVM takes; '-' is left out, which device mapper would double.</summary>
    public static string? VolumeName(ref string text) =>
        VolumePattern().IsMatch(text) ? null : "is no volume name: lower-case letters, digits and '_', at most 32, the first a letter.";

    /// <summary>A path below a btrfs' top; it becomes a word of mount's options.</summary>
    public static string? Subvolume(ref string text) =>
        text.Length <= 128 && SubvolumePattern().IsMatch(text) ? null : "is no subvolume's name: '@', letters, digits, '_', '.' and '-', '/' between parts, at most 128.";

    /// <summary>RFC 7638 section 3: a hash in base64url, SHA-1 to SHA-512.</summary>
    public static string? Thumbprint(ref string text) => ThumbprintPattern().IsMatch(text) ? null : "is no thumbprint of a key.";

    public static string? Script(ref string text) =>
        Lines(ref text) ?? (!text.StartsWith("#!/", StringComparison.Ordinal) ? "does not start with '#!/': it says which program runs it." : null);

    private static bool IsSubnet(AddressSpec subnet) =>
        IPNetwork.TryParse(subnet.ToString(), out var network) && network.BaseAddress.Equals(subnet.Address);

    private static bool HasControls(string text) => text.Any(char.IsControl);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex NameSpelling();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex DnsLabelPattern();

    [GeneratedRegex(@"\A[a-z_][a-z0-9_-]{0,31}\z")]
    private static partial Regex AccountPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9+._-]{0,127}\z")]
    private static partial Regex PackagePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9:_.@-]{0,127}\z")]
    private static partial Regex UnitPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/+-]{0,127}\z")]
    private static partial Regex SuitePattern();

    [GeneratedRegex(@"\A(/[A-Za-z0-9._+@-]+)+\z")]
    private static partial Regex MountPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_=.,:/@%+-]{1,200}\z")]
    private static partial Regex OptionsPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,11}\z")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\A(/[A-Za-z0-9._+-]+)+\z")]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"\A\$(6|5|y|2b)\$[A-Za-z0-9./=$,]{20,200}\z")]
    private static partial Regex CryptPattern();

    [GeneratedRegex(@"\A(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{40,}={0,2}( [^\p{C}]*)?\z")]
    private static partial Regex SshKeyPattern();

    [GeneratedRegex(@"\A(C|[a-z]{2,3}_[A-Z]{2})\.UTF-8\z")]
    private static partial Regex LocalePattern();

    [GeneratedRegex(@"\A[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}\z")]
    private static partial Regex TimeZonePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_.,:=/+@%-]{1,255}\z")]
    private static partial Regex KernelPattern();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,31}\z")]
    private static partial Regex DiskPattern();

    [GeneratedRegex(@"\A[0-9a-f]{2}(:[0-9a-f]{2}){0,5}\z")]
    private static partial Regex MacPrefixPattern();

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,31}\z")]
    private static partial Regex VolumePattern();

    [GeneratedRegex(@"\A[a-z][a-z0-9_.-]*\z")]
    private static partial Regex InterfacePattern();

    [GeneratedRegex(@"\A(lo|all|default|boot|none|bonding_masters|(eth|wlan|wlp|usb|vif|vnet|tap|tun|virbr|en[bopsvx])[0-9].*)\z")]
    private static partial Regex ReservedInterfacePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,127}\z")]
    private static partial Regex GitReferencePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9._][A-Za-z0-9._+-]*(/[A-Za-z0-9._+-]+)*\z")]
    private static partial Regex RelativePathPattern();

    [GeneratedRegex(@"\A[@A-Za-z0-9_][@A-Za-z0-9._-]*(/[@A-Za-z0-9_][@A-Za-z0-9._-]*)*\z")]
    private static partial Regex SubvolumePattern();

    [GeneratedRegex(@"\A([A-Za-z0-9_-]{27}|[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{64}|[A-Za-z0-9_-]{86})\z")]
    private static partial Regex ThumbprintPattern();
}
