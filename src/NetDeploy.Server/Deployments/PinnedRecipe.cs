using System.Text.Json;
using System.Text.Json.Serialization;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Deployments;

/// <summary>
/// What a grant pins: the very texts its recipe came from, by their hash in the bulk store, and the machine's own choices.
/// A later <c>apply</c> changes nothing of a deployment that runs; and what was once deployed can be resolved again.
/// </summary>
/// <param name="Documents">SHA-256 of the pinned texts.</param>
public sealed record PinnedRecipe(string Documents, string Machine, string? Distro, string? Method)
{
    /// <summary>Texts that hold nothing but other machines say nothing about this one; a site of thousands would not fit else.</summary>
    public static async Task<PinnedRecipe> PinAsync(BulkStore bulk, DesiredState state, MachineSpec machine, string? distro, InstallMethod? method, CancellationToken cancellationToken)
    {
        var texts = state.Texts
            .Where(t => state.Snapshot.IsPartOf(t.Path, machine))
            .Select(t => new PinnedText(t.Path, t.Content))
            .ToArray();
        var hash = await bulk.AddAsync(JsonSerializer.SerializeToUtf8Bytes(texts, PinnedJson.Default.PinnedTextArray), cancellationToken).ConfigureAwait(false);
        return new PinnedRecipe(hash, machine.Name, distro, method?.ToString().ToLowerInvariant());
    }

    public string Write() => JsonSerializer.Serialize(this, PinnedJson.Default.PinnedRecipe);

    /// <summary>What <see cref="Write"/> wrote; null for anything else, which pins nothing and which <see cref="ResolveAsync"/> tells.</summary>
    public static PinnedRecipe? Read(string? planInputs)
    {
        try
        {
            return planInputs is null ? null : JsonSerializer.Deserialize(planInputs, PinnedJson.Default.PinnedRecipe);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="ServerFault">The record or the pinned texts are gone or damaged.</exception>
    public static async Task<(PinnedRecipe Pin, Recipe Recipe)> ResolveAsync(BulkStore bulk, string planInputs, string recipeHash, CancellationToken cancellationToken)
    {
        const string Remedy = "Power the machine off, cancel or wait for the deployment's end, and deploy again.";
        try
        {
            var pin = JsonSerializer.Deserialize(planInputs, PinnedJson.Default.PinnedRecipe)!;
            await using var file = bulk.Open(pin.Documents)
                ?? throw new ServerFault($"The pinned documents {pin.Documents} are gone from the bulk store.", Remedy);
            var texts = (await JsonSerializer.DeserializeAsync(file, PinnedJson.Default.PinnedTextArray, cancellationToken).ConfigureAwait(false))!;
            var snapshot = DocumentSet.Compile(texts.Select(t => new SourceText(t.Path, t.Content)), stop: cancellationToken).Value
                ?? throw new ServerFault("The pinned documents do not compile with this version of the server.", Remedy);
            InstallMethod? method = pin.Method is null ? null : Enum.Parse<InstallMethod>(pin.Method, ignoreCase: true);
            var recipe = snapshot.Machines.TryGetValue(pin.Machine, out var machine) ? snapshot.Resolve(machine, pin.Distro, method).Value : null;
            return recipe?.Hash == recipeHash
                ? (pin, recipe)
                : throw new ServerFault("The pinned documents give another recipe with this version of the server.", Remedy);
        }
        catch (JsonException e)
        {
            throw new ServerFault("The deployment's pinned recipe is damaged.", Remedy, e);
        }
    }
}

internal sealed record PinnedText(string Path, string Content);

[JsonSerializable(typeof(PinnedRecipe))]
[JsonSerializable(typeof(PinnedText[]))]
internal sealed partial class PinnedJson : JsonSerializerContext;
