using System.Globalization;
using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Enrolment;

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

    /// <summary>What the network's enrolment rules say of a machine that no document names.</summary>
    public EnrolmentJudgement Judgement { get; init; } = EnrolmentJudgement.None;

    /// <summary>The network has enrolment rules or holds newcomers: what a newcomer's SMBIOS says is of use.</summary>
    public bool AsksNewcomers { get; init; }

    /// <summary>The machine was enrolled or adopted, and nothing was installed on it: until that is, its disk holds nothing to boot.</summary>
    public bool IsNewMachine { get; init; }

    /// <summary>The address that the machine's document reserves.</summary>
    public IPAddress? Reserved { get; init; }

    public string BaseUrl => string.Create(CultureInfo.InvariantCulture, $"http://{ServerAddress}:{HttpPort}");

    /// <summary>iPXE fills in its own MAC and UUID.</summary>
    public string ScriptUrl => $"{BaseUrl}/boot/script?mac=${{mac}}&uuid=${{uuid}}";

    /// <summary>The second question of a newcomer; iPXE fills in what SMBIOS says.</summary>
    public string TellUrl =>
        $"{ScriptUrl}&vendor=${{manufacturer:uristring}}&product=${{product:uristring}}&serial=${{serial:uristring}}&asset=${{asset:uristring}}";

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
