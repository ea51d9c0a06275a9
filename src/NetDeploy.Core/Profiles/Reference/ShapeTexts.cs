using System.Collections.Frozen;

namespace NetDeploy.Core.Profiles.Reference;

/// <param name="Default">What holds without the key; empty: nothing, or what the text says.</param>
internal sealed record ShapeText(string Text, string Default);

/// <summary>
/// What each key of a document is for. A line is a path, its default, and a sentence; a path stands for every key that ends with it, and the longest that
/// fits counts. A test holds the table complete and free of lines that nobody reads.
/// </summary>
internal static class ShapeTexts
{
    private const string Table = """
        apiVersion | | The version of the language: netdeploy/v1.
        kind | | What the document describes.
        description | | Free text for people.
        name | | Its name.
        Machine.name | | Its name, which is the host name too.
        Machine.type | metal | Hardware, or a virtual machine on a host.
        Machine.distro | | The distribution that it gets.
        Machine.profiles | | What it is; a later one wins.
        Machine.platform | | The platform that it belongs to, a layer above its profiles.
        Machine.method | image | How the system gets onto its disk: an image that the deploy environment unpacks, or the distribution's own installer.
        Machine.protected | false | Refuse to deploy it.
        Machine.enrolledBy | | The rule that enrolled it; written by the server.
        Machine.enrolledIn | | The generation of the store in which it was enrolled; written by the server. In another one it grants nothing.
        Machine.ruleGrants | | The rule granted its one deployment when it enrolled the machine; written by the server.
        Machine.address | | Reserved for the NIC that netboots; it follows the machine to other hardware.
        Machine.binding | | What is known of its hardware. The first binding is made of it; 'netdeploy replace' moves it later.
        binding.macs | | Its MAC addresses, first the one that netboots.
        binding.uuid | | The UUID of its SMBIOS.
        binding.serial | | Its serial number.
        binding.slot | | Where it is plugged in, as a trusted relay says it (option 82).
        slot.circuitId | | The relay's circuit id, in hex.
        slot.remoteId | | The relay's remote id, in hex.
        Machine.boot | | How it netboots.
        boot.uefiLoader | | The first loader that its UEFI gets; without it the network's.
        system | | The system, as a layer: the same subtree in each kind of document.
        Profile.site | false | A layer of every machine, between distro and profiles.
        Profile.parents | | The profiles that it builds on, weakest first.
        Distro.family | | Decides who installs it and who builds its images.
        Distro.release | | The family's own word for it, such as bookworm.
        Distro.architecture | | Of its packages.
        Distro.installer | | The distribution's own installer; without it there is the method image alone.
        installer.package | | The Debian package with its netboot images.
        Network.subnet | | The addresses of the network.
        Network.mode | authoritative | Whether this server hands out the addresses, only the boot files beside another DHCP server, or says nothing and logs what it would have said.
        Network.pools | | The addresses that are leased to who has none reserved.
        pools[].first | | The lowest address.
        pools[].last | | The highest address.
        Network.router | | The default gateway that clients are told.
        Network.dns | | The name servers that clients are told.
        Network.domain | | The domain that clients are told.
        Network.leaseTime | 1h | How long a lease lasts, a minute at least.
        Network.uefiLoader | shim | The first loader that UEFI gets: shim and GRUB, which Secure Boot takes, or iPXE.
        Network.relays | | The relays whose option 82 is believed.
        Enrolment.network | | The network whose newcomers it is about.
        Enrolment.unknown | local-boot | What happens to a machine that no rule takes: it starts its disk, is held in the deploy environment and shown, or is not answered.
        Enrolment.rules | | Which newcomers become machines, tried in their order.
        rules[].match | | What a newcomer must be; all of it. Empty: any.
        match.macPrefixes | | Beginnings of its MAC address.
        match.relay | | The relay that it comes through.
        match.circuitId | | The slot's circuit id.
        match.remoteId | | The slot's remote id.
        match.architecture | | Of its processor.
        match.firmware | | How it boots.
        match.vendor | | The manufacturer that its SMBIOS names.
        match.product | | The product that its SMBIOS names.
        match.serial | | The serial number that its SMBIOS has.
        rules[].profiles | | The profiles that the machine gets.
        rules[].distro | | The distribution that it gets.
        rules[].method | image | How the system gets onto its disk.
        rules[].namePattern | | How it is called.
        rules[].addresses | | Where its reserved address is taken from; none: it has a lease.
        addresses.first | | The lowest address.
        addresses.last | | The highest address.
        rules[].limit | | How many machines the rule may make; a rule that grants needs it.
        rules[].grant | false | Install the machine at once, without a word of an operator.
        system.domain | | The host's domain.
        system.root | | The root account.
        passwordHash | | A crypt hash, or a reference to a secret that holds one. Without it the password is locked.
        passwordHash.secret | | The name of the stored secret.
        passwordHash.strength | claimed | How well the machine must have shown who it is.
        sshKeys | | Keys that may log in.
        system.groups | | Groups of the machine.
        groups[].name | | The group.
        groups[].gid | | Its number; without it the system takes one.
        system.users | | Accounts of people and programs.
        users[].name | | The account.
        users[].uid | | Its number; without it the system takes one.
        users[].comment | | The full name.
        users[].shell | /bin/bash | The login shell.
        users[].groups | | Groups besides its own.
        system.packages | | What is installed.
        packages[].name | | The package.
        packages[].families | | What it is called in a family of distributions, or none where that has no such package.
        system.mirrors | | Addresses by name, so that a site can move all repositories at once.
        system.repositories | | Where packages come from.
        repositories[].mirror | | The mirror that it lies on.
        repositories[].uri | | Its address; wins over the mirror.
        repositories[].suite | | The suite.
        repositories[].components | | The components.
        repositories[].key | | The key that signs it; without one the distribution's own keys do.
        system.storage | simple | The disks and what is on them.
        storage.layout | simple | The one disk that fits, or the keys below.
        select | | Which disk is meant. A disk is touched only if it is the one that fits.
        select.minSize | | It is this large at least.
        select.maxSize | | It is this large at most.
        select.bus | | How it is attached.
        select.wwn | | Its World Wide Name.
        select.serial | | Its serial number.
        select.model | | Its model.
        storage.filesystem | ext4 | Of root, in the simple layout.
        storage.swap | | A swap partition of this size, in the simple layout.
        storage.disks | | The disks, in the custom layout.
        disks[].count | 1 | So many disks that are treated alike.
        disks[].partitions | | Its partitions in their order.
        partitions[].type | linux | What it is for.
        partitions[].size | | How large it is; the last one may take the rest.
        partitions[].raid | | The array that it is a member of.
        volumeGroup | | The LVM volume group that it is part of.
        storage.raid | | Arrays (Linux MD).
        raid[].level | | The RAID level.
        storage.volumeGroups | | LVM volume groups.
        volumeGroups[].volumes | | Its logical volumes.
        volumes[].size | | How large it is; the last one may take the rest.
        filesystem | ext4 | The file system.
        label | | The label of the file system.
        mount | | Where it is mounted.
        options | defaults | Its mount options.
        subvolumes | | Subvolumes, for btrfs.
        encryption | | LUKS 2 below the file system or the volume group.
        encryption.unlock | | What opens it at each start; with console it waits for a person.
        encryption.tang | | The Tang server that opens it.
        tang.url | | Where it is.
        tang.thumbprint | | Of the key that signs there.
        tang.trust | false | Take whatever key answers at the installation.
        encryption.tpm2 | | What the TPM asks for.
        tpm2.pcrs | none | Registers that must be as they were at the installation.
        encryption.passphrase | | A secret that a person can type beside that.
        passphrase.secret | | The name of the stored secret.
        passphrase.strength | wired | How well the machine must have shown who it is.
        system.nics | DHCP on every Ethernet NIC | The NICs.
        nics[].mac | | Which NIC it is; boot is the one that netboots, also on other hardware.
        nics[].name | | What the installed system calls it.
        system.bonds | | Several NICs as one.
        bonds[].members | | The NICs.
        bonds[].mode | active-backup | How they share the work; active-backup works with any switch.
        bonds[].primary | | The member that is used while it works.
        bonds[].hashPolicy | | By what traffic is spread.
        bonds[].lacpRate | slow | How often LACP speaks.
        system.vlans | | Tagged VLANs.
        vlans[].id | | The VLAN's number.
        vlans[].link | | What carries it.
        system.bridges | | Software bridges, for guests.
        bridges[].members | | What is plugged into it.
        bridges[].stp | false | Speak the spanning tree protocol.
        dhcp | true without addresses | Ask DHCP for an address.
        addresses | | Static addresses; reserved is the machine's own with the prefix of its network.
        gateway | | The default route of this interface.
        routes | | Other routes of this interface.
        routes[].to | | The destination.
        routes[].via | | The next hop.
        routes[].metric | | Lower ones win.
        dns | | Name servers that are reached through it.
        mtu | | The largest packet.
        system.dns | | Resolvers of the machine as a whole.
        dns.servers | | Name servers.
        dns.search | | Domains that are tried behind a short name.
        system.locale | C.UTF-8 | The language.
        system.keyboard | us | The keyboard of the console.
        keyboard.layout | us | The layout.
        keyboard.variant | | Its variant.
        system.timezone | Etc/UTC | The time zone.
        system.ntp | | Time servers.
        system.services | | Services that start with the system, or must not.
        services[].name | | The service.
        services[].state | enabled | Whether it starts.
        system.firewall | no filter | What the machine lets in.
        firewall.policy | drop | For what comes in and no rule admits.
        firewall.forward | accept | For what the machine routes.
        firewall.allow | | What is admitted.
        allow[].protocol | tcp | The protocol.
        allow[].ports | | The ports.
        allow[].from | everyone | Who may.
        allow[].interface | all | Where it comes in.
        system.role | | A host for virtual machines: brings packages and services.
        system.handover | | Who looks after the machine once it runs.
        handover.by | | The tool; a layer that changes it starts the hand-over afresh.
        handover.repository | | The git repository, for ansible-pull.
        handover.ref | the default branch | What of it.
        handover.playbook | | Which playbook.
        handover.server | | The server, for puppet and salt.
        handover.environment | | The environment, for puppet.
        handover.content | | The script, for command.
        handover.limit | 30m | How long it may take.
        system.kernelArguments | | Words for the installed kernel.
        system.scripts | | Programs of your own.
        scripts[].when | | In the image (equal for all machines), on the machine that is being installed, or once in the installed system.
        scripts[].content | | The script, from its first line on.
        system.ssh | | The SSH server.
        ssh.hostKeys | ed25519 | Kinds of host keys; they are made on the machine.
        """;

    private static readonly FrozenDictionary<string, ShapeText> Lines = Table.Split('\n')
        .Select(line => line.Split('|', 3, StringSplitOptions.TrimEntries))
        .ToFrozenDictionary(parts => parts[0], parts => new ShapeText(parts[2], parts[1]), StringComparer.Ordinal);

    internal static IEnumerable<string> Paths => Lines.Keys;

    /// <summary>The line of the table that counts for this path; null where none does.</summary>
    internal static string? LineOf(string path)
    {
        for (var rest = path; ; rest = rest[(rest.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            if (Lines.ContainsKey(rest))
            {
                return rest;
            }

            if (!rest.Contains('.', StringComparison.Ordinal))
            {
                return null;
            }
        }
    }

    /// <param name="path">Such as <c>Machine.system.users[].name</c>.</param>
    public static ShapeText Of(string path) => LineOf(path) is { } line ? Lines[line] : new("", "");
}
