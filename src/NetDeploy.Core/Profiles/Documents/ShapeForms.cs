using System.Collections.Immutable;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>Short spellings for the tables of shapes.</summary>
internal static class ShapeForms
{
    public static MapShape Map(string description, Dictionary<string, Shape> keys, params string[] required) =>
        new(description, keys.ToImmutableDictionary(StringComparer.Ordinal), required);

    public static ScalarShape Word(params string[] words) =>
        new(words.Length == 1 ? words[0] : $"one of {string.Join(", ", words)}", Formats.Word(words)) { Words = [.. words] };

    /// <summary>A whole number from one to the other.</summary>
    public static ScalarShape Number(string description, int min, int max, string remedy = "") =>
        new(description, Formats.Number(min, max), remedy) { Range = (min, max) };

    /// <summary>What a document says in the place of a value that is stored apart.</summary>
    public static MapShape SecretReference() => Map("a secret", new()
    {
        ["secret"] = new ScalarShape("a name", Formats.Name, "Such as web-1."),
        ["strength"] = Word("claimed", "wired", "delivered", "proven"),
    });
}
