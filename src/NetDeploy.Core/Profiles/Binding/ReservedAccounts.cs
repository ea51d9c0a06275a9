using System.Collections.Frozen;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>
/// Names that some distribution's installer or user tool refuses. The neutral model forbids the union, so that a
/// profile means the same everywhere: Debian's static accounts and groups (base-passwd), Debian's user-setup list,
/// and Ubuntu's <c>admin</c>.
/// </summary>
internal static class ReservedAccounts
{
    /// <summary>Groups that every Debian has (base-passwd): users may join them undeclared.</summary>
    public static readonly FrozenSet<string> DebianGroups = Split(
        """
        root daemon bin sys adm tty disk lp mail news uucp man proxy kmem dialout fax voice cdrom floppy tape sudo audio
        dip www-data backup operator list irc src shadow utmp video sasl plugdev staff games users nogroup
        """);

    private static readonly FrozenSet<string> Users = Split(
        """
        sync gnats nobody netplan ftn mysql tac-plus alias qmail qmaild qmails qmailr qmailq qmaill qmailp asterisk vpopmail
        vchkpw slurm hacluster haclient grsec-tpe grsec-sock-all grsec-sock-clt grsec-sock-srv grsec-proc ceph opensrf
        libvirt-qemu admin bind crontab cupsys dcc dhcp dictd dnsmasq dovecot fetchmail firebird ftp fuse gdm haldaemon
        hplilp identd input jwhois klog kvm lpadmin messagebus mythtv netdev powerdev radvd render saned sbuild scanner
        slocate ssh sshd ssl-cert sslwrap statd syslog telnetd tftpd
        """);

    public static bool IsReserved(string name) =>
        Users.Contains(name) || DebianGroups.Contains(name) || name.StartsWith("systemd-", StringComparison.Ordinal) || name.StartsWith('_');

    private static FrozenSet<string> Split(string words) =>
        words.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
