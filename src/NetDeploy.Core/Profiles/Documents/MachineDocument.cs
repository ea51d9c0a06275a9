using System.Globalization;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The kind <c>Machine</c> to its record.</summary>
internal static class MachineDocument
{
    public static MachineSpec Read(LoadedDocument document)
    {
        var body = document.Body;
        var binding = body.Below("binding");
        var slot = binding.Below("slot");
        return new()
        {
            Name = document.Name,
            Kind = body.Text("type") == "guest" ? MachineKind.Guest : MachineKind.Metal,
            Profiles = body.Texts("profiles"),
            Distro = body.Text("distro"),
            Platform = body.Text("platform"),
            Method = body.Text("method") == "installer" ? InstallMethod.Installer : InstallMethod.Image,
            Protected = body.Flag("protected") ?? false,
            Address = body.Address("address"),
            EnrolledBy = body.Text("enrolledBy"),
            EnrolledIn = body.Text("enrolledIn"),
            RuleGrants = body.Flag("ruleGrants") ?? false,
            UefiLoader = SmallDocuments.ReadLoader(body.Below("boot").Text("uefiLoader")),
            Binding = new()
            {
                Macs = [.. binding.Texts("macs").Select(m => MacAddress.Parse(m, CultureInfo.InvariantCulture))],
                Uuid = binding.Text("uuid") is { } uuid ? Guid.ParseExact(uuid, "D") : null,
                Serial = binding.Text("serial"),
                Slot = slot.Map is null ? null : new(slot.Text("circuitId"), slot.Text("remoteId")),
            },
            System = document.System,
            Origin = body.At,
        };
    }
}
