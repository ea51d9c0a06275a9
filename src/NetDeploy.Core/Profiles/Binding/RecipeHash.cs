using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetDeploy.Core.Images;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>
/// A recipe's version: SHA-256 of its canonical JSON. Properties come in the order of the records, lists in their own
/// order; secrets are their references. Where files lie, which layer won, comments and binding do not enter.
/// </summary>
internal static class RecipeHash
{
    /// <summary>Raised when an equal recipe would be installed differently.</summary>
    private const int Format = 1;

    public static string Of(Recipe recipe) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
            new Canonical(Format, recipe.Machine, recipe.Kind, recipe.Method, recipe.Distro.Name, recipe.System, recipe.Image),
            CanonicalJson.Default.Canonical)));

    internal sealed record Canonical(int Format, string Machine, MachineKind Kind, InstallMethod Method, string Distro, SystemSpec System, ImageSpec Image);
}

[JsonSourceGenerationOptions(Converters = [typeof(MacConverter), typeof(AddressConverter)])]
[JsonSerializable(typeof(RecipeHash.Canonical))]
internal sealed partial class CanonicalJson : JsonSerializerContext;

internal sealed class MacConverter : JsonConverter<MacAddress>
{
    public override MacAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("The canonical form is only written.");

    public override void Write(Utf8JsonWriter writer, MacAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

internal sealed class AddressConverter : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("The canonical form is only written.");

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
