using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDeploy.Cli.Lab;

/// <summary>One machine of the last line of <c>--json</c>.</summary>
/// <param name="State"><c>installed</c>, or where it stopped.</param>
/// <param name="Seconds">From power-on to the SSH login; null where there was none.</param>
/// <param name="Ssh">The machine accepted the lab's key, showed the host key that it had reported, ran from its own disk and holds this deployment's id.</param>
/// <param name="Rebuilt">True after a drill: other hardware, same name.</param>
/// <param name="Reason">What went wrong; null where nothing did.</param>
/// <param name="EnrolledBy">The rule that enrolled it; null where a document names it.</param>
/// <param name="Blade">The lab's name of its hardware; null where that is the machine's.</param>
/// <param name="Address">Where it was reached; null where it was not.</param>
/// <param name="AddressFrom">The DHCP server that leased that address, by its own record of leases.</param>
internal sealed record LabMachineResult(
    string Name,
    string Firmware,
    string Distro,
    string Method,
    string State,
    double? Seconds,
    bool Ssh,
    bool? Rebuilt = null,
    string? Reason = null,
    string? EnrolledBy = null,
    string? Blade = null,
    string? Address = null,
    string? AddressFrom = null);

/// <summary>The last line of <c>lab up --json</c> and <c>lab drill --json</c>.</summary>
/// <param name="Ok">Every blade was reached by SSH after it booted from its own disk.</param>
internal sealed record LabResult(bool Ok, IReadOnlyList<LabMachineResult> Machines, string? Reason = null)
{
    /// <summary><c>authoritative</c> or <c>proxy</c>.</summary>
    public string Mode { get; init; } = "authoritative";

    public string ToJson() => JsonSerializer.Serialize(this, LabResultJson.Default.LabResult);
}

/// <summary>What <c>lab down --json</c> prints.</summary>
/// <param name="Removed">A line each; empty where there was no lab.</param>
internal sealed record LabRemoval(IReadOnlyList<string> Removed);

/// <summary>What <c>lab prepare --json</c> prints.</summary>
/// <param name="Ready">Nothing that the lab needs is missing; where something stays missing there is an error instead.</param>
internal sealed record LabReadiness(bool Ready);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LabResult))]
[JsonSerializable(typeof(LabRemoval))]
[JsonSerializable(typeof(LabReadiness))]
internal sealed partial class LabResultJson : JsonSerializerContext;
