using System.Collections.Frozen;
using System.Collections.Immutable;
using static NetDeploy.Core.Profiles.Documents.ShapeForms;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The table of every key that a document may hold. <c>profiles/README.md</c> lists them for users; a test compares the two.</summary>
internal static class Shapes
{
    public const string ApiVersion = "netdeploy/v1";

    internal static readonly ScalarShape Name = new("a name", Formats.Name, "Such as web-1.");
    private static readonly ScalarShape HostName = new("a host name", Formats.DnsLabel, "Such as web1.");
    private static readonly ScalarShape DomainName = new("a domain name", Formats.DnsName, "Such as example.org.");
    private static readonly ScalarShape Account = new("an account name", Formats.Account, "Such as ops.");
    private static readonly ScalarShape Text = new("a line of text", Formats.Text);
    internal static readonly ScalarShape Flag = new("true or false", Formats.Flag);
    private static readonly ScalarShape Mac = new("a MAC address", Formats.Mac, "Write it as 52:54:00:12:34:56.");
    private static readonly ScalarShape Ipv4 = new("an IPv4 address", Formats.Ipv4, "Write it as 10.77.0.21.");
    internal static readonly ScalarShape Address = new("an IP address", Formats.Address, "Write it as 10.77.0.21 or 2001:db8::21.");
    internal static readonly ScalarShape Url = new("an http or https address", Formats.HttpUrl, "Such as http://mirror.example/debian.");
    private static readonly ScalarShape Suite = new("a suite or component", Formats.Suite, "Such as bookworm.");
    private static readonly ScalarShape SshKey = new("an SSH public key", Formats.SshKey, "One line of an id_*.pub file.");
    private static readonly ListShape SshKeys = new("a list of SSH public keys", SshKey);
    private static readonly ListShape Names = new("a list of names", Name);
    internal static readonly ListShape Addresses = new("a list of IP addresses", Address);

    private static readonly ShortFormShape PasswordHash = new(
        new ScalarShape("a password's hash", Formats.CryptHash, "`netdeploy passwd` makes one; a plain password has no place here.", hidden: true),
        SecretReference(),
        null);

    private static readonly ScalarShape Pattern = new("a shell glob of * and ?", Formats.Glob, "Such as 'PowerEdge*'.");

    /// <summary>The subtree <c>system</c>: the neutral model.</summary>
    public static MapShape System { get; } = Map("a system", new()
    {
        ["domain"] = DomainName,
        ["root"] = Map("the root account", new() { ["passwordHash"] = PasswordHash, ["sshKeys"] = SshKeys }),
        ["groups"] = new ListShape("a list of groups", Map("a group", new()
        {
            ["name"] = Account,
            ["gid"] = Number("a group id", 1, 60_000),
        }), "name"),
        ["users"] = new ListShape("a list of users", Map("a user", new()
        {
            ["name"] = Account,
            ["uid"] = Number("a user id", 1, 60_000),
            ["comment"] = new ScalarShape("a comment", Formats.Comment),
            ["shell"] = new ScalarShape("a shell's path", Formats.AbsolutePath, "Such as /bin/bash."),
            ["passwordHash"] = PasswordHash,
            ["groups"] = new ListShape("a list of groups", Account),
            ["sshKeys"] = SshKeys,
        }), "name"),
        ["packages"] = new ListShape("a list of packages", new ShortFormShape(
            new ScalarShape("a package name", Formats.Package),
            Map("a package", new()
            {
                ["name"] = new ScalarShape("a package name", Formats.Package),
                ["families"] = new DictionaryShape("a map from family to package name", Name, new ScalarShape("a package name, or none", Formats.Package)),
            }),
            "name"), "name"),
        ["mirrors"] = new DictionaryShape("a map from mirror to address", Name, Url),
        ["repositories"] = new ListShape("a list of repositories", Map("a repository", new()
        {
            ["name"] = Name,
            ["mirror"] = Name,
            ["uri"] = Url,
            ["suite"] = Suite,
            ["components"] = new ListShape("a list of components", Suite),
            ["key"] = new ScalarShape("an armored OpenPGP public key", Formats.OpenPgpKey, "Paste what gpg --export --armor KEY prints after 'key: |'."),
        }), "name"),
        ["storage"] = StorageShapes.Storage,
        ["nics"] = InterfaceShapes.Nics,
        ["bonds"] = InterfaceShapes.Bonds,
        ["vlans"] = InterfaceShapes.Vlans,
        ["bridges"] = InterfaceShapes.Bridges,
        ["dns"] = Map("resolvers", new() { ["servers"] = Addresses, ["search"] = new ListShape("a list of domains", DomainName) }),
        ["locale"] = new ScalarShape("a locale", Formats.LocaleName, "Such as C.UTF-8 or de_DE.UTF-8."),
        ["keyboard"] = new ShortFormShape(
            new ScalarShape("a keyboard layout", Formats.Name, "Such as us or de."),
            Map("a keyboard", new() { ["layout"] = Name, ["variant"] = Name }),
            "layout"),
        ["timezone"] = new ScalarShape("a time zone", Formats.TimeZone, "Such as Etc/UTC or Europe/Berlin."),
        ["ntp"] = new ListShape("a list of time servers", new ScalarShape("a host or address", Formats.HostOrAddress)),
        ["services"] = new ListShape("a list of services", new ShortFormShape(
            new ScalarShape("a service", Formats.Unit, "Such as ssh."),
            Map("a service", new()
            {
                ["name"] = new ScalarShape("a service", Formats.Unit, "Such as ssh."),
                ["state"] = Word("enabled", "disabled", "masked"),
            }),
            "name"), "name"),
        ["firewall"] = HostShapes.Firewall,
        ["role"] = Word("xen-host", "kvm-host"),
        ["handover"] = HostShapes.Handover,
        ["kernelArguments"] = new ListShape("a list of kernel arguments", new ScalarShape("a kernel argument", Formats.KernelArgument, "Such as console=ttyS0,115200.")),
        ["scripts"] = new ListShape("a list of scripts", Map("a script", new()
        {
            ["name"] = Name,
            ["when"] = Word("build", "install", "first-boot"),
            ["content"] = new ScalarShape("a script's text", Formats.Script, "Begin with #!/bin/sh after 'content: |'."),
        }), "name"),
        ["ssh"] = Map("SSH", new()
        {
            ["hostKeys"] = new ListShape("a list of key types", Word("ed25519", "ecdsa", "rsa")),
        }),
    });

    /// <summary>By kind: what stands beside <c>apiVersion</c>, <c>kind</c>, <c>name</c> and <c>description</c>.</summary>
    public static ImmutableSortedDictionary<string, MapShape> Kinds { get; } = new Dictionary<string, MapShape>
    {
        ["Machine"] = Document("a machine", HostName, new()
        {
            ["type"] = Word("metal", "guest"),
            ["distro"] = Name,
            ["profiles"] = Names,
            ["platform"] = Name,
            ["method"] = Word("image", "installer"),
            ["protected"] = Flag,
            ["enrolledBy"] = Text,
            ["enrolledIn"] = Text,
            ["ruleGrants"] = Flag,
            ["address"] = Ipv4,
            ["binding"] = Map("what is known of the hardware", new()
            {
                ["macs"] = new ListShape("a list of MAC addresses", Mac),
                ["uuid"] = new ScalarShape("a UUID", Formats.Uuid, "As dmidecode -s system-uuid prints it."),
                ["serial"] = Text,
                ["slot"] = Map("a slot", new()
                {
                    ["circuitId"] = new ScalarShape("hex digits", Formats.Hex),
                    ["remoteId"] = new ScalarShape("hex digits", Formats.Hex),
                }),
            }),
            ["boot"] = Map("boot settings", new() { ["uefiLoader"] = Word("shim", "ipxe") }),
            ["system"] = System,
        }),
        ["Profile"] = Document("a profile", Name, new()
        {
            ["site"] = Flag,
            ["parents"] = Names,
            ["system"] = System,
        }),
        ["Distro"] = Document("a distro", Name, new()
        {
            ["family"] = Word("debian"),
            ["release"] = Suite,
            ["architecture"] = Word("amd64", "arm64"),
            ["installer"] = Map("the distribution's own installer", new() { ["package"] = new ScalarShape("a package name", Formats.Package) }, "package"),
            ["system"] = System,
        }, "family", "release", "architecture"),
        ["Platform"] = Document("a platform", Name, new() { ["system"] = System }),
        ["Network"] = Document("a network", Name, new()
        {
            ["subnet"] = new ScalarShape("a subnet", Formats.Subnet, "Write it as 10.77.0.0/24."),
            ["mode"] = Word("authoritative", "proxy", "shadow"),
            ["pools"] = new ListShape("a list of pools", Map("a pool", new() { ["first"] = Ipv4, ["last"] = Ipv4 }, "first", "last")),
            ["router"] = Ipv4,
            ["dns"] = new ListShape("a list of IPv4 addresses", Ipv4),
            ["domain"] = DomainName,
            ["leaseTime"] = new ScalarShape("a duration", Formats.Duration, "Such as 30m, 12h, 7d."),
            ["uefiLoader"] = Word("shim", "ipxe"),
            ["relays"] = new ListShape("a list of IPv4 addresses", Ipv4),
        }, "subnet"),
        ["Enrolment"] = Document("an enrolment rule", Name, new()
        {
            ["network"] = Name,
            ["unknown"] = Word("hold", "local-boot", "ignore"),
            ["rules"] = new ListShape("a list of enrolment rules", Map("an enrolment rule", new()
            {
                ["name"] = Name,
                ["match"] = Map("what a machine must be", new()
                {
                    ["macPrefixes"] = new ListShape("a list of MAC prefixes", new ScalarShape("a MAC prefix", Formats.MacPrefix, "Such as 52:54:00.")),
                    ["relay"] = Ipv4,
                    ["circuitId"] = Pattern,
                    ["remoteId"] = Pattern,
                    ["architecture"] = Word("amd64", "arm64"),
                    ["firmware"] = Word("bios", "uefi"),
                    ["vendor"] = Pattern,
                    ["product"] = Pattern,
                    ["serial"] = Pattern,
                }),
                ["profiles"] = Names,
                ["distro"] = Name,
                ["method"] = Word("image", "installer"),
                ["namePattern"] = new ScalarShape("a pattern of host names", Formats.HostPattern, $"Such as blade-{{n}}; there are {string.Join(", ", Enrolment.NamePattern.Placeholders.Select(p => $"{{{p}}}"))}."),
                ["addresses"] = Map("a range of addresses", new() { ["first"] = Ipv4, ["last"] = Ipv4 }, "first", "last"),
                ["limit"] = Number("how many machines at most", 1, 100_000),
                ["grant"] = Flag,
            }, "distro", "namePattern"), "name"),
        }, "network"),
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Words that stand in thousands of documents: each is one string.</summary>
    public static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Words { get; } =
        Kinds.Keys.Concat(Kinds.Values.SelectMany(KeysOf)).Append(ApiVersion).ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static IEnumerable<string> KeysOf(Shape shape) => shape switch
    {
        MapShape map => map.Keys.SelectMany(k => KeysOf(k.Value).Prepend(k.Key)),
        ShortFormShape both => KeysOf(both.Map),
        ListShape list => KeysOf(list.Item),
        DictionaryShape dictionary => KeysOf(dictionary.Value),
        _ => [],
    };

    private static MapShape Document(string description, ScalarShape name, Dictionary<string, Shape> keys, params string[] required)
    {
        keys["apiVersion"] = Word(ApiVersion);
        keys["kind"] = Text;
        keys["name"] = name;
        keys["description"] = new ScalarShape("text", Formats.Lines);
        return new(description, keys.ToImmutableDictionary(StringComparer.Ordinal), ["name", .. required]);
    }
}
