using System.Collections.Frozen;
using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The table of every key that a document may hold. <c>profiles/README.md</c> lists them for users; a test compares the two.</summary>
internal static class Shapes
{
    public const string ApiVersion = "netdeploy/v1";

    private static readonly ScalarShape Name = new("a name", Formats.Name, "Such as web-1.");
    private static readonly ScalarShape HostName = new("a host name", Formats.DnsLabel, "Such as web1.");
    private static readonly ScalarShape DomainName = new("a domain name", Formats.DnsName, "Such as example.org.");
    private static readonly ScalarShape Account = new("an account name", Formats.Account, "Such as ops.");
    private static readonly ScalarShape Text = new("a line of text", Formats.Text);
    private static readonly ScalarShape Flag = new("true or false", Formats.Flag);
    private static readonly ScalarShape Mac = new("a MAC address", Formats.Mac, "Write it as 52:54:00:12:34:56.");
    private static readonly ScalarShape Ipv4 = new("an IPv4 address", Formats.Ipv4, "Write it as 10.77.0.21.");
    private static readonly ScalarShape Address = new("an IP address", Formats.Address, "Write it as 10.77.0.21 or 2001:db8::21.");
    private static readonly ScalarShape Size = new("a size", Formats.Size, "A number and its unit: 512MiB, 8GiB, 2TB.");
    private static readonly ScalarShape SizeOrRest = new("a size, or rest", Formats.SizeOrRest, "A number and its unit, such as 8GiB, or rest.");
    private static readonly ScalarShape Url = new("an http or https address", Formats.HttpUrl, "Such as http://mirror.example/debian.");
    private static readonly ScalarShape Suite = new("a suite or component", Formats.Suite, "Such as bookworm.");
    private static readonly ScalarShape SshKey = new("an SSH public key", Formats.SshKey, "One line of an id_*.pub file.");
    private static readonly ListShape SshKeys = new("a list of SSH public keys", SshKey);
    private static readonly ListShape Names = new("a list of names", Name);
    private static readonly ListShape Addresses = new("a list of IP addresses", Address);

    private static readonly ShortFormShape PasswordHash = new(
        new ScalarShape("a password's hash", Formats.CryptHash, "`netdeploy passwd` makes one; a plain password has no place here.", hidden: true),
        Map("a secret", new()
        {
            ["secret"] = Name,
            ["strength"] = Word("claimed", "wired", "delivered", "proven"),
        }),
        null);

    private static readonly MapShape Selector = Map("a disk's selector", new()
    {
        ["minSize"] = Size,
        ["maxSize"] = Size,
        ["bus"] = Word("nvme", "sata", "scsi", "virtio", "xen", "usb", "mmc"),
        ["wwn"] = Text,
        ["serial"] = Text,
        ["model"] = new ScalarShape("a shell glob on the model", Formats.ModelGlob, "Such as 'SAMSUNG MZ*'."),
    });

    private static readonly ScalarShape Filesystem = Word("ext4", "xfs", "btrfs", "vfat", "swap");
    private static readonly ScalarShape Label = new("a label", Formats.Label, "Such as data.");
    private static readonly ScalarShape MountPoint = new("a mount point", Formats.MountPoint, "Such as /srv.");
    private static readonly ScalarShape MountOptions = new("mount options", Formats.MountOptions, "Such as noatime,nodev.");
    private static readonly ScalarShape VolumeName = new("a volume name", Formats.VolumeName, "Such as vg0.");

    private static readonly MapShape Partition = Map("a partition", new()
    {
        ["name"] = new ScalarShape("a name", Formats.DiskName),
        ["type"] = Word("bios-boot", "esp", "linux", "lvm", "swap"),
        ["size"] = SizeOrRest,
        ["filesystem"] = Filesystem,
        ["label"] = Label,
        ["mount"] = MountPoint,
        ["options"] = MountOptions,
        ["volumeGroup"] = VolumeName,
    });

    private static readonly MapShape Volume = Map("a logical volume", new()
    {
        ["name"] = VolumeName,
        ["size"] = SizeOrRest,
        ["filesystem"] = Filesystem,
        ["label"] = Label,
        ["mount"] = MountPoint,
        ["options"] = MountOptions,
    });

    private static readonly ShortFormShape Storage = new(
        Word("simple"),
        new MapShape("a storage layout", new Dictionary<string, Shape>
        {
            ["layout"] = Word("simple", "custom"),
            ["select"] = Selector,
            ["filesystem"] = Word("ext4", "xfs", "btrfs"),
            ["swap"] = Size,
            ["disks"] = new ListShape("a list of disks", Map("a disk", new()
            {
                ["name"] = new ScalarShape("a name", Formats.DiskName),
                ["select"] = Selector,
                ["partitions"] = new ListShape("a list of partitions", Partition, "name"),
            }), "name"),
            ["volumeGroups"] = new ListShape("a list of volume groups", Map("a volume group", new()
            {
                ["name"] = VolumeName,
                ["volumes"] = new ListShape("a list of logical volumes", Volume, "name"),
            }), "name"),
        }.ToImmutableDictionary(StringComparer.Ordinal))
        {
            Discriminator = "layout",
        },
        "layout");

    /// <summary>The subtree <c>system</c>: the neutral model.</summary>
    public static MapShape System { get; } = Map("a system", new()
    {
        ["domain"] = DomainName,
        ["root"] = Map("the root account", new() { ["passwordHash"] = PasswordHash, ["sshKeys"] = SshKeys }),
        ["groups"] = new ListShape("a list of groups", Map("a group", new()
        {
            ["name"] = Account,
            ["gid"] = new ScalarShape("a group id", Formats.Number(1, 60_000)),
        }), "name"),
        ["users"] = new ListShape("a list of users", Map("a user", new()
        {
            ["name"] = Account,
            ["uid"] = new ScalarShape("a user id", Formats.Number(1, 60_000)),
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
        }), "name"),
        ["storage"] = Storage,
        ["nics"] = new ListShape("a list of NICs", Map("a NIC", new()
        {
            ["mac"] = new ScalarShape("a MAC address, or boot", Formats.MacOrBoot, "Write it as 52:54:00:12:34:56, or boot for the NIC that netboots."),
            ["dhcp"] = Flag,
            ["addresses"] = new ListShape("a list of addresses with prefix", new ScalarShape("an address with prefix length", Formats.AddressWithPrefix, "Write it as 10.77.0.21/24.")),
            ["gateway"] = Address,
            ["dns"] = Addresses,
            ["mtu"] = new ScalarShape("an MTU", Formats.Number(576, 9216)),
        }), "mac"),
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
        ["kernelArguments"] = new ListShape("a list of kernel arguments", new ScalarShape("a kernel argument", Formats.KernelArgument, "Such as console=ttyS0,115200.")),
        ["scripts"] = new ListShape("a list of scripts", Map("a script", new()
        {
            ["name"] = Name,
            ["when"] = Word("build", "install"),
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
            ["unknown"] = Word("hold", "local-boot"),
        }, "network", "unknown"),
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

    private static MapShape Map(string description, Dictionary<string, Shape> keys, params string[] required) =>
        new(description, keys.ToImmutableDictionary(StringComparer.Ordinal), required);

    private static ScalarShape Word(params string[] words) =>
        new(words.Length == 1 ? words[0] : $"one of {string.Join(", ", words)}", Formats.Word(words));
}
