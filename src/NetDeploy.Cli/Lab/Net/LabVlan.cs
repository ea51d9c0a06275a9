using System.Globalization;

namespace NetDeploy.Cli.Lab.Net;

/// <summary>A tagged VLAN (IEEE 802.1Q) on the lab's bridge, with an address of the server in it.</summary>
internal sealed record LabVlan(int Id, string ServerAddress)
{
    /// <summary>The server's interface.</summary>
    public string Interface() => string.Create(CultureInfo.InvariantCulture, $"{LabNetwork.Bridge}.{Id}");
}
