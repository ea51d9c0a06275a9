using System.Text.Json.Serialization;

namespace NetDeploy.Cli.Commands;

/// <summary>What <c>show --log --json</c> prints.</summary>
internal sealed record UploadedLog(string Log, string Deployment);

/// <summary>What <c>bootfiles sync|build|check --json</c> print; where something is missing or broken there is an error instead.</summary>
/// <param name="Done">What is there now, in words.</param>
internal sealed record BootFilesResult(string Done);

/// <summary>What <c>forget --json</c> prints.</summary>
/// <param name="Forgotten">The machine's name.</param>
internal sealed record ForgottenMachine(string Forgotten);

/// <summary>What <c>deploy --json</c> prints of a machine that is not deployed.</summary>
/// <param name="Refused">Why.</param>
internal sealed record RefusedOrder(string Name, string Refused, string? Remedy);

/// <summary>JSON of the verbs whose answer is no document of the management API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UploadedLog))]
[JsonSerializable(typeof(BootFilesResult))]
[JsonSerializable(typeof(ForgottenMachine))]
[JsonSerializable(typeof(RefusedOrder))]
internal sealed partial class CommandJson : JsonSerializerContext;
