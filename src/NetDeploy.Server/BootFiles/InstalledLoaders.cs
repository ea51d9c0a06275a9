using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDeploy.Server.BootFiles;

/// <summary>One loader as it was fetched.</summary>
/// <param name="Version">The Debian package's version.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record InstalledLoader(
    string Name, string Package, string Version, string Sha256, long Bytes, string Licence, string? Prefix = null);

/// <summary>The manifest beside the loaders, <c>manifest.json</c>.</summary>
internal sealed record InstalledLoaders(string Suite, ImmutableArray<InstalledLoader> Loaders)
{
    public const string FileName = "manifest.json";

    public void Write(string folder) =>
        File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, InstalledLoadersJson.Default.InstalledLoaders) + "\n");

    /// <summary>Null where there is none, or one that cannot be read.</summary>
    public static InstalledLoaders? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(folder, FileName)), InstalledLoadersJson.Default.InstalledLoaders);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(InstalledLoaders))]
internal sealed partial class InstalledLoadersJson : JsonSerializerContext;
