using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace NetDeploy.Server.Images;

/// <summary>The blobs that a deployment still needs, written by the server (<c>queue/pins</c>).</summary>
internal sealed record ImagePins(ImmutableSortedSet<string> Ids);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    // The other side may leave out a part, or write null in its place: that is a damaged file, and no fault of who reads it.
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ImageBuildRequest))]
[JsonSerializable(typeof(ImageBuildProgress))]
[JsonSerializable(typeof(ImageBuildFailure))]
[JsonSerializable(typeof(ImageEntry))]
[JsonSerializable(typeof(ImagePins))]
internal sealed partial class ImageJson : JsonSerializerContext;
