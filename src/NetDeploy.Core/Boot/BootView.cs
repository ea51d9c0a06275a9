using System.Globalization;
using System.Net;
using NetDeploy.Core.Addressing;

namespace NetDeploy.Core.Boot;

/// <summary>What one MAC fetched lately; the loop guard's evidence.</summary>
/// <param name="Fetches">Completed fetches of a first-stage loader in the last 60 s, with no script fetched after them.</param>
public readonly record struct LoaderHistory(int Fetches);

/// <summary>The server as a booting machine sees it on one network.</summary>
public sealed record BootView
{
    public required NetworkMode Mode { get; init; }

    public required UefiLoader UefiLoader { get; init; }

    /// <summary>The server's own address on that network.</summary>
    public required IPAddress ServerAddress { get; init; }

    public required int HttpPort { get; init; }

    public LoaderHistory Loaders { get; init; }

    public string BaseUrl => string.Create(CultureInfo.InvariantCulture, $"http://{ServerAddress}:{HttpPort}");

    /// <summary>iPXE fills in its own MAC and UUID.</summary>
    public string ScriptUrl => $"{BaseUrl}/boot/script?mac=${{mac}}&uuid=${{uuid}}";

    public string LoaderUrl(string name) => $"{BaseUrl}/boot/loaders/{name}";

    public static BootView Of(NetworkSpecRef network, int httpPort, LoaderHistory loaders = default) => new()
    {
        Mode = network.Network.Mode,
        UefiLoader = network.Network.UefiLoader,
        ServerAddress = network.ServerAddress,
        HttpPort = httpPort,
        Loaders = loaders,
    };
}
