using System.Runtime.Versioning;
using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>ISC's client against the real server. It is unpacked into a cache, never installed.</summary>
[SupportedOSPlatform("linux")]
public sealed class DhclientTests
{
    [Fact]
    public void It_binds_reboots_into_the_same_address_and_is_refused_an_address_of_another_network()
    {
        TestNetwork.SkipUnlessPossible();
        var dhclient = Unpack();
        Assert.SkipUnless(dhclient is not null, "needs isc-dhcp-client, by apt-get download");
        using var network = new TestNetwork();
        using var server = new TestServer(network);

        // A binding of another network in the client's lease file makes it start in INIT-REBOOT with that address.
        File.WriteAllText(Path.Combine(network.Folder, "leases"), """
            lease {
              interface "cli0";
              fixed-address 192.168.7.7;
              option subnet-mask 255.255.255.0;
              option dhcp-lease-time 3600;
              option dhcp-server-identifier 192.168.7.1;
              renew 0 2037/01/04 00:00:00;
              rebind 0 2037/01/04 00:00:00;
              expire 0 2037/01/04 00:00:00;
            }

            """);
        Run(network, dhclient!);
        Assert.Contains(server.Events, e => e is { Request: DhcpMessageType.Request, Reply: DhcpMessageType.Nak });
        Assert.Contains(server.Events, e => e is { Request: DhcpMessageType.Discover, Reply: DhcpMessageType.Offer });
        var bound = Assert.Single(server.Leases.All());

        server.Events.Clear();
        Run(network, dhclient!);
        var reboot = Assert.Single(server.Events);
        Assert.Equal((DhcpMessageType.Request, DhcpMessageType.Ack), (reboot.Request, reboot.Reply));
        Assert.Contains("rebooting", reboot.Reason, StringComparison.Ordinal);
        Assert.Equal(bound.Address, reboot.Address);

        Run(network, dhclient!, "-r");
        Assert.True(SpinWait.SpinUntil(() => server.Leases.All().Count == 0, TimeSpan.FromSeconds(5)), "not released");
    }

    private static void Run(TestNetwork network, string dhclient, string mode = "-1")
    {
        var script = Path.Combine(network.Folder, "script");
        File.WriteAllText(script, """
            #!/bin/sh
            case "$reason" in
              BOUND | RENEW | REBIND | REBOOT)
                ip addr flush dev "$interface"
                ip addr add "$new_ip_address/24" dev "$interface"
                ;;
            esac
            exit 0

            """);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(network.Folder, "conf"), "timeout 20;\ninitial-interval 1;\nretry 1;\n");
        string File_(string name) => Path.Combine(network.Folder, name);
        if (!File.Exists(File_("leases")))
        {
            File.WriteAllText(File_("leases"), "");
        }

        var (code, output) = network.RunInClient(
            dhclient, mode, "-v", "-4", "-cf", File_("conf"), "-lf", File_("leases"), "-pf", File_("pid"), "-sf", script, "cli0");
        if (mode == "-1")
        {
            // It goes on in the background when bound, and writes its pid there; only its own process is ended.
            string Pid() => File.Exists(File_("pid")) ? File.ReadAllText(File_("pid")).Trim() : "";
            Assert.True(code == 0 && SpinWait.SpinUntil(() => Pid().Length > 0, TimeSpan.FromSeconds(10)), output);
            TestNetwork.Run("kill", [Pid()]);
            File.Delete(File_("pid"));
        }
    }

    private static string? Unpack()
    {
        var cache = Path.Combine(Path.GetTempPath(), "ndt-cache", "isc-dhcp-client");
        var dhclient = Path.Combine(cache, "sbin", "dhclient");
        if (File.Exists(dhclient) || TestNetwork.Find("apt-get") is null || TestNetwork.Find("dpkg-deb") is null)
        {
            return File.Exists(dhclient) ? dhclient : null;
        }

        Directory.CreateDirectory(cache);
        TestNetwork.Run("apt-get", ["download", "isc-dhcp-client"], cache);
        foreach (var package in Directory.EnumerateFiles(cache, "isc-dhcp-client_*.deb"))
        {
            TestNetwork.Run("dpkg-deb", ["-x", package, cache]);
        }

        return File.Exists(dhclient) ? dhclient : null;
    }
}
