using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Network interfaces and resolvers.</summary>
internal static class NicBinder
{
    public static DnsSpec ReadDns(MapCursor system)
    {
        var dns = system.Below("dns");
        return new() { Servers = dns.Addresses("servers"), Search = dns.Texts("search") };
    }

    public static ImmutableArray<NicSpec> Read(MapCursor system, DiagnosticBag diagnostics)
    {
        var nics = ImmutableArray.CreateBuilder<NicSpec>();
        foreach (var cursor in system.Items("nics", "mac"))
        {
            var nic = ReadOne(cursor);
            Check(cursor, nic, diagnostics);
            foreach (var twice in nic.Addresses.Where(a => nics.Any(n => n.Addresses.Any(b => b.Address.Equals(a.Address)))))
            {
                diagnostics.Error(cursor.OriginOf("addresses"), cursor.PathOf("addresses"), $"{twice.Address} is also on another NIC of this machine.", "Each address belongs to one NIC.");
            }

            nics.Add(nic);
        }

        if (nics.Count(n => n.Gateway is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetwork }) > 1)
        {
            diagnostics.Error(system.OriginOf("nics"), "system.nics", "several NICs have an IPv4 gateway: which one is used would be chance.", "Give one NIC the gateway.");
        }

        return nics.ToImmutable();
    }

    private static NicSpec ReadOne(MapCursor nic)
    {
        var addresses = nic.Texts("addresses")
            .Select(text => Values.TryAddressWithPrefix(text, out var address) ? address : null)
            .OfType<AddressSpec>();
        return new()
        {
            Mac = nic.Text("mac") is var mac && mac == "boot" ? null : MacAddress.Parse(mac!, CultureInfo.InvariantCulture),
            Addresses = [.. addresses],
            Dhcp = nic.Flag("dhcp") ?? nic.Texts("addresses").Length == 0,
            Gateway = nic.Address("gateway"),
            DnsServers = nic.Addresses("dns"),
            Mtu = nic.Number("mtu"),
        };
    }

    private static void Check(MapCursor cursor, NicSpec nic, DiagnosticBag diagnostics)
    {
        if (!nic.Dhcp && nic.Addresses.Length == 0)
        {
            diagnostics.Warning(cursor.At, cursor.Path, "the NIC has neither DHCP nor an address.", "Say dhcp: true, or give it addresses.");
        }

        if (nic.Gateway is { } gateway && !nic.Addresses.Any(a => Contains(a, gateway)))
        {
            diagnostics.Error(cursor.OriginOf("gateway"), cursor.PathOf("gateway"), $"{gateway} lies in no subnet of this NIC's addresses.", "Correct the gateway, or add an address with the right prefix.");
        }
    }

    private static bool Contains(AddressSpec address, IPAddress other)
    {
        var (a, b) = (address.Address.GetAddressBytes(), other.GetAddressBytes());
        return a.Length == b.Length && Enumerable.Range(0, address.PrefixLength).All(bit => ((a[bit / 8] ^ b[bit / 8]) & (0x80 >> (bit % 8))) == 0);
    }
}
