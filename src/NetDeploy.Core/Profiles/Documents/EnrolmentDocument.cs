using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Enrolment;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The kind <c>Enrolment</c> to its record.</summary>
internal static class EnrolmentDocument
{
    public static EnrolmentSpec Read(LoadedDocument document) => new(
        document.Name,
        document.Body.Text("network") ?? "",
        document.Body.Text("unknown") switch
        {
            "hold" => UnknownMachines.Hold,
            "ignore" => UnknownMachines.Ignore,
            "local-boot" => UnknownMachines.LocalBoot,
            _ => null,
        },
        [.. document.Body.Items("rules").Select(rule => Rule(document.Name, rule))]);

    private static EnrolmentRule Rule(string document, MapCursor rule)
    {
        var match = rule.Below("match");
        var addresses = rule.Below("addresses");
        return new()
        {
            Document = document,
            Name = rule.Text("name") ?? "",
            Match = new()
            {
                MacPrefixes = match.Texts("macPrefixes"),
                Relay = match.Address("relay"),
                CircuitId = match.Text("circuitId"),
                RemoteId = match.Text("remoteId"),
                Architecture = match.Text("architecture"),
                Firmware = match.Text("firmware"),
                Vendor = match.Text("vendor"),
                Product = match.Text("product"),
                Serial = match.Text("serial"),
            },
            Profiles = rule.Texts("profiles"),
            Distro = rule.Text("distro") ?? "",
            Method = rule.Text("method") == "installer" ? InstallMethod.Installer : InstallMethod.Image,
            NamePattern = new(rule.Text("namePattern") ?? ""),
            Addresses = addresses.Address("first") is { } first && addresses.Address("last") is { } last ? new AddressPool(first, last) : null,
            Limit = rule.Number("limit") ?? EnrolmentRule.DefaultLimit,
            Grant = rule.Flag("grant") ?? false,
            Origin = rule.At,
        };
    }
}
