using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Storage;

/// <summary>A commit as the journal holds it: every record with the revision and every entry with the sequence it got.</summary>
/// <param name="Number">Counts the commits of a store from 1, without a gap.</param>
internal sealed record JournaledCommit(
    long Number,
    ImmutableArray<Machine> Machines,
    ImmutableArray<string> Forgotten,
    ImmutableArray<Deployment> Deployments,
    ImmutableArray<TimelineEntry> Entries);

/// <summary>Records as JSON text; instants are 64-bit Unix milliseconds.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(InstantConverter), typeof(MacConverter), typeof(AddressConverter)])]
[JsonSerializable(typeof(JournaledCommit))]
internal sealed partial class RecordJson : JsonSerializerContext;
