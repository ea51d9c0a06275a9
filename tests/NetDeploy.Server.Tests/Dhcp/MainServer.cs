using System.Diagnostics;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>
/// The DHCP server that was there first, a real one, on a host of its own: 10.99.0.2, leases 10.99.0.150 to .160. It is joined to the
/// client's namespace by a bridge, <c>br0</c>, which is the client's NIC and has its MAC.
/// </summary>
internal sealed class MainServer : IDisposable
{
    public const string Address = "10.99.0.2";
    public const string Mac = "02:00:00:00:00:02";

    private readonly string _namespace;
    private readonly Process? _process;
    private readonly Task<string>? _said;

    /// <param name="program"><c>dnsmasq</c>, <c>kea</c> or <c>dhcpd</c>; null: the host is there, and no server on it.</param>
    /// <param name="lines">What its configuration has besides, in its own words.</param>
    public MainServer(TestNetwork network, string? program, string lines = "")
    {
        _namespace = network.Client[..^1] + "d";
        TestNetwork.Ip("netns add", _namespace);
        try
        {
            TestNetwork.Ip("-n", network.Client, "link add br0 address", TestNetwork.ClientMac, "type bridge stp_state 0 forward_delay 0");
            TestNetwork.Ip("-n", network.Client, "link set cli0 address 02:00:00:00:00:12 master br0 up");
            TestNetwork.Ip("-n", network.Client, "link set br0 up");
            TestNetwork.Ip("-n", network.Client, "link add main0 type veth peer name eth0 netns", _namespace);
            TestNetwork.Ip("-n", network.Client, "link set main0 master br0 up");
            TestNetwork.Ip("-n", _namespace, "link set eth0 address", Mac, "up");
            TestNetwork.Ip("-n", _namespace, "addr add", $"{Address}/24", "dev eth0");
            if (program is null)
            {
                return;
            }

            _process = Process.Start(program switch
            {
                "kea" => Kea(network, lines),
                "dhcpd" => Dhcpd(network, lines),
                _ => Dnsmasq(network, lines),
            })!;
            _said = ReadAsync(_process);
            var ready = SpinWait.SpinUntil(() => _process.HasExited || Listens(), TimeSpan.FromSeconds(15));
            Assert.True(ready && !_process.HasExited, $"{program} does not serve: {(_process.HasExited ? _said.Result : "no port 67")}");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public static void SkipUnlessPossible(string program) => TestNetwork.SkipUnlessPossible(program == "kea" ? "kea-dhcp4" : program);

    public void Dispose()
    {
        if (_process is not null)
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }

        TestNetwork.Run("ip", ["netns", "del", _namespace]);
    }

    private bool Listens() => TestNetwork.Run("ip", ["netns", "exec", _namespace, "ss", "-Hulnp", "sport = :67"]).Output.Contains(":67", StringComparison.Ordinal);

    private static async Task<string> ReadAsync(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        return await process.StandardOutput.ReadToEndAsync() + await error;
    }

    private ProcessStartInfo Start(IEnumerable<string> command) =>
        new("ip", ["netns", "exec", _namespace, .. command]) { RedirectStandardOutput = true, RedirectStandardError = true };

    private ProcessStartInfo Dnsmasq(TestNetwork network, string lines) => Start(
    [
        TestNetwork.Find("dnsmasq")!, "--keep-in-foreground", "--log-facility=-", $"--conf-file={Write(network, "dnsmasq.conf", lines)}", "--port=0", "--user=root", "--no-ping", "--pid-file",
        "--interface=eth0", "--bind-interfaces", "--dhcp-range=10.99.0.150,10.99.0.160,255.255.255.0,1h", "--dhcp-authoritative",
        $"--dhcp-leasefile={Path.Combine(network.Folder, "dnsmasq.leases")}",
    ]);

    private static string Write(TestNetwork network, string name, string text)
    {
        var path = Path.Combine(network.Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private ProcessStartInfo Dhcpd(TestNetwork network, string lines)
    {
        var configuration = Write(network, "dhcpd.conf", $$"""
            {{lines}}
            authoritative;
            subnet 10.99.0.0 netmask 255.255.255.0 { range 10.99.0.150 10.99.0.160; }
            """);
        return Start(
        [
            TestNetwork.Find("dhcpd")!, "-4", "-f", "-q", "--no-pid", "-cf", configuration, "-lf", Write(network, "dhcpd.leases", ""), "eth0",
        ]);
    }

    private ProcessStartInfo Kea(TestNetwork network, string lines)
    {
        var configuration = Write(network, "kea.json", $$$"""
            {"Dhcp4": {
              {{{lines}}}{{{(lines.Length == 0 ? "" : ",")}}}
              "interfaces-config": {"interfaces": ["eth0"]},
              "lease-database": {"type": "memfile", "name": "{{{Path.Combine(network.Folder, "kea.leases")}}}", "lfc-interval": 0},
              "valid-lifetime": 3600,
              "subnet4": [{"subnet": "10.99.0.0/24", "pools": [{"pool": "10.99.0.150 - 10.99.0.160"}]}],
              "loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "stdout"}], "severity": "WARN"}]
            }}
            """);
        var program = TestNetwork.Find("kea-dhcp4")!;
        var start = Start([program, "-c", configuration]);
        start.Environment["KEA_PIDFILE_DIR"] = network.Folder;
        start.Environment["KEA_LOCKFILE_DIR"] = "none";

        // tests/run unpacks it beside the host's own files, each package in a folder of its own.
        var unpacked = Path.GetFullPath(Path.Combine(program, "../../../../kea-common/usr/lib"));
        if (Directory.Exists(unpacked))
        {
            start.Environment["LD_LIBRARY_PATH"] = string.Join(':', Directory.GetDirectories(unpacked));
        }

        return start;
    }
}
