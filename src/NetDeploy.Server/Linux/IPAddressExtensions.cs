using System.Net;

namespace NetDeploy.Server.Linux;

internal static class IPAddressExtensions
{
    /// <summary>A socket for both families gives an IPv4 sender as <c>::ffff:a.b.c.d</c>: here is its IPv4 address, and any other as it is.</summary>
    public static IPAddress Plain(this IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
