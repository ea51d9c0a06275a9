using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Dhcp;

/// <summary>
/// The other DHCP servers that were heard lately. At most <see cref="Bound"/>: one that only clients named makes room first, then the one
/// heard longest ago. Thread-safe.
/// </summary>
public sealed class ForeignServers(TimeProvider clock)
{
    public const int Bound = 32;

    /// <summary>Longer than three probes: after that it is gone.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromMinutes(16);

    private readonly Dictionary<(string Interface, Ipv4Address Address), ForeignServer> _heard = [];
    private readonly Lock _gate = new();

    /// <summary>In the order of their addresses.</summary>
    public ImmutableArray<ForeignServer> List()
    {
        lock (_gate)
        {
            ForgetOld();
            return [.. _heard.OrderBy(s => s.Key.Address).ThenBy(s => s.Key.Interface, StringComparer.Ordinal).Select(s => s.Value)];
        }
    }

    /// <summary>What an operator should know of the networks on these interfaces, as of now.</summary>
    public IEnumerable<string> Warnings(AddressingSnapshot snapshot, IEnumerable<(string Name, IPAddress Address)> interfaces)
    {
        var heard = List();
        foreach (var (name, address) in interfaces)
        {
            if (snapshot.Find(Ipv4Address.From(address)) is not { Spec.Mode: NetworkMode.Authoritative } network)
            {
                continue;
            }

            foreach (var server in heard.Where(s => s.Interface == name))
            {
                yield return Warning(server, network.Name);
            }
        }
    }

    internal static string Warning(ForeignServer server, string network) =>
        (server.Answered
            ? $"Another DHCP server, {server}, answers on {server.Interface}, where network {network} is authoritative: "
            : $"A machine on {server.Interface} took its address from another DHCP server, {server}, where network {network} is authoritative: ")
        + $"which of the two a machine listens to is luck. Stop that server, or write mode: proxy in the Network document {network}, so that addresses are its alone.";

    /// <returns>The server, where it was not known before, or not by an answer of its own.</returns>
    internal ForeignServer? Heard(string interfaceName, Ipv4Address address, MacAddress? mac, bool answered)
    {
        var now = clock.GetUtcNow();
        var key = (interfaceName, address);
        lock (_gate)
        {
            ForgetOld();
            if (_heard.TryGetValue(key, out var known))
            {
                var next = known with { Mac = mac ?? known.Mac, Answered = known.Answered || answered, LastSeen = now };
                _heard[key] = next;
                return known.Answered == next.Answered ? null : next;
            }

            if (_heard.Count >= Bound)
            {
                _heard.Remove(_heard.OrderBy(s => s.Value.Answered).ThenBy(s => s.Value.LastSeen).First().Key);
            }

            return _heard[key] = new ForeignServer(interfaceName, address.ToIPAddress(), mac, answered, now, now);
        }
    }

    /// <summary>Looks for the MACs that were not known when their servers were heard.</summary>
    internal void Resolve(string interfaceName, INeighbours neighbours)
    {
        lock (_gate)
        {
            foreach (var (key, server) in _heard.Where(s => s.Value.Mac is null && s.Key.Interface == interfaceName).ToList())
            {
                _heard[key] = server with { Mac = neighbours.Of(server.Address, interfaceName) };
            }
        }
    }

    private void ForgetOld()
    {
        var oldest = clock.GetUtcNow() - Remembered;
        foreach (var old in _heard.Where(s => s.Value.LastSeen < oldest).Select(s => s.Key).ToList())
        {
            _heard.Remove(old);
        }
    }
}
