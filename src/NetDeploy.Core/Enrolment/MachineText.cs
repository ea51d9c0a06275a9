using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Protocols;
using YamlDotNet.Serialization;

namespace NetDeploy.Core.Enrolment;

/// <summary>A machine as enrolment or an operator's <c>adopt</c> wants it, and its document.</summary>
public sealed record MachineText
{
    /// <summary>Documents below it are the server's own: an <c>apply --prune</c> leaves them, <c>forget</c> removes them.</summary>
    public const string Folder = "enrolled/";

    /// <summary>What <c>enrolledBy</c> says of an adopted machine.</summary>
    public const string Operator = "operator";

    public required string Name { get; init; }

    public required string EnrolledBy { get; init; }

    /// <summary>See <see cref="MachineSpec.EnrolledIn"/>.</summary>
    public string? EnrolledIn { get; init; }

    public bool RuleGrants { get; init; }

    public string? Distro { get; init; }

    public ImmutableArray<string> Profiles { get; init; } = [];

    public InstallMethod Method { get; init; }

    public IPAddress? Address { get; init; }

    public required MacAddress Mac { get; init; }

    public Guid? Uuid { get; init; }

    public string? Serial { get; init; }

    public SlotSpec? Slot { get; init; }

    /// <summary>What is wrong with a name, as the end of a sentence; null where it is a host name.</summary>
    public static string? NameFault(string name) => Formats.DnsLabel(ref name);

    public static string PathOf(string machine) => $"{Folder}{machine}.yaml";

    public SourceText Write()
    {
        var binding = new Dictionary<string, object> { ["macs"] = new[] { Mac.ToString() } };
        Put(binding, "uuid", Uuid?.ToString("D"));
        Put(binding, "serial", Serial is { Length: > 0 } ? Serial : null);
        if (Slot is not null)
        {
            var slot = new Dictionary<string, object>();
            Put(slot, "circuitId", Slot.CircuitId);
            Put(slot, "remoteId", Slot.RemoteId);
            binding["slot"] = slot;
        }

        var document = new Dictionary<string, object>
        {
            ["apiVersion"] = Shapes.ApiVersion,
            ["kind"] = "Machine",
            ["name"] = Name,
            ["enrolledBy"] = EnrolledBy,
        };
        Put(document, "enrolledIn", EnrolledIn);
        if (RuleGrants)
        {
            document["ruleGrants"] = true;
        }

        Put(document, "distro", Distro);
        document["profiles"] = Profiles.ToArray();
        document["method"] = Method == InstallMethod.Image ? "image" : "installer";
        Put(document, "address", Address?.ToString());
        document["binding"] = binding;
        return new SourceText(PathOf(Name), new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(document));
    }

    private static void Put(Dictionary<string, object> map, string key, string? value)
    {
        if (value is not null)
        {
            map[key] = value;
        }
    }
}
