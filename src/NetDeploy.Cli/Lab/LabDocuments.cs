using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Client;
using YamlDotNet.Serialization;

namespace NetDeploy.Cli.Lab;

/// <summary>The desired state of a lab: its network, its site layer, and a machine for each blade.</summary>
internal static class LabDocuments
{
    private const string ApiVersion = "netdeploy/v1";

    /// <summary>Below .100 the blades' own addresses, from .100 the pool: they never meet.</summary>
    private const int FirstBladeAddress = 10;

    /// <summary>The serial port is a blade's only console.</summary>
    private static readonly string[] KernelArguments = ["console=ttyS0,115200"];

    public static IReadOnlyList<DocumentText> For(LabOptions options, IEnumerable<BladeHardware> blades, AptMirror mirror, string sshKey) =>
    [
        Text("network.yaml", Network(options)),
        Text("site.yaml", new()
        {
            ["apiVersion"] = ApiVersion,
            ["kind"] = "Profile",
            ["name"] = "lab-site",
            ["site"] = true,
            ["system"] = Site(options, mirror, sshKey),
        }),
        .. options.Enrol
            ? [Text("enrolment.yaml", Enrolment(options))]
            : blades.Select((blade, index) => Text($"{blade.Name}.yaml", Machine(options, blade, index))),
    ];

    private static Dictionary<string, object> Site(LabOptions options, AptMirror mirror, string sshKey)
    {
        var system = new Dictionary<string, object>
        {
            ["root"] = new Dictionary<string, object> { ["sshKeys"] = new[] { sshKey } },
            ["mirrors"] = new Dictionary<string, object> { ["debian"] = mirror.Main, ["debian-security"] = mirror.Security },
            ["kernelArguments"] = KernelArguments,
        };
        if (options.ByInstaller)
        {
            // Blades are virtual machines, and an installer unpacks the kernel on them: the small one saves a quarter of the time.
            system["packages"] = new Dictionary<string, object> { ["remove"] = new[] { "linux-image-amd64" }, ["add"] = new[] { "linux-image-cloud-amd64" } };
        }

        return system;
    }

    /// <summary>No blade is named: their QEMU MACs make them machines.</summary>
    private static Dictionary<string, object> Enrolment(LabOptions options) => new()
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = "Enrolment",
        ["name"] = "lab",
        ["network"] = "lab",
        ["unknown"] = "hold",
        ["rules"] = new object[]
        {
            new Dictionary<string, object>
            {
                ["name"] = "blades",
                ["match"] = new Dictionary<string, object> { ["macPrefixes"] = new[] { "52:54:00" } },
                ["distro"] = options.Distro,
                ["profiles"] = ProfilesOf(options),
                ["method"] = options.Method,
                ["namePattern"] = "blade-{n}",
                ["limit"] = options.Blades,
                ["grant"] = true,
            },
        },
    };

    private static string[] ProfilesOf(LabOptions options) => options.Profile is { } profile ? [profile] : [];

    /// <summary>Where no machine has a document, its network says which loader it gets; beside another server it says so in any case.</summary>
    private static Dictionary<string, object> LoaderOf(LabOptions options) => new() { ["uefiLoader"] = LoaderOf(options.Firmware) };

    /// <summary>Shim starts everywhere, so it is the network's loader; a blade without Secure Boot takes the way over HTTP.</summary>
    private static string LoaderOf(BladeFirmware firmware) => firmware == BladeFirmware.SecureBoot ? "shim" : "ipxe";

    /// <summary>A proxy has no addresses to tell of.</summary>
    private static Dictionary<string, object> Network(LabOptions options)
    {
        var network = new Dictionary<string, object>(options.Enrol || options.Mode == LabMode.Proxy ? LoaderOf(options) : [])
        {
            ["apiVersion"] = ApiVersion,
            ["kind"] = "Network",
            ["name"] = "lab",
            ["subnet"] = $"10.77.0.0/{LabNetwork.PrefixLength}",
            ["mode"] = options.Mode == LabMode.Proxy ? "proxy" : "authoritative",
        };
        if (options.Mode == LabMode.Authoritative)
        {
            network["pools"] = new object[] { new Dictionary<string, object> { ["first"] = "10.77.0.100", ["last"] = "10.77.0.250" } };
        }

        return network;
    }

    private static Dictionary<string, object> Machine(LabOptions options, BladeHardware blade, int index)
    {
        var machine = new Dictionary<string, object>
        {
            ["apiVersion"] = ApiVersion,
            ["kind"] = "Machine",
            ["name"] = blade.Name,
            ["type"] = "metal",
            ["distro"] = options.Distro,
            ["profiles"] = ProfilesOf(options),
            ["method"] = options.Method,
            ["boot"] = new Dictionary<string, object> { ["uefiLoader"] = LoaderOf(blade.Firmware) },
            ["binding"] = new Dictionary<string, object>
            {
                ["macs"] = new[] { blade.Identity.Mac },
                ["uuid"] = blade.Identity.Uuid.ToString("D"),
                ["serial"] = blade.Identity.Serial,
            },
        };
        if (options.Mode == LabMode.Authoritative)
        {
            machine["address"] = $"10.77.0.{FirstBladeAddress + index}";
        }

        return machine;
    }

    private static DocumentText Text(string path, Dictionary<string, object> document) =>
        new(path, new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(document));
}
