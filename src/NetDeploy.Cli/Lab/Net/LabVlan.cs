using System.Globalization;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>A tagged VLAN (IEEE 802.1Q) on the lab's wire, with an address of the server in it.</summary>
internal sealed record LabVlan(int Id, string ServerAddress)
{
    /// <summary>The server's interface: what passes it has no tag.</summary>
    public string Interface() => string.Create(CultureInfo.InvariantCulture, $"lab{Id}");

    /// <summary>The bridge's port: what passes it has the tag.</summary>
    public string Trunk() => string.Create(CultureInfo.InvariantCulture, $"trunk{Id}");
}
