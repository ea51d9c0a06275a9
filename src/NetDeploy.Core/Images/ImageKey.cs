using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetDeploy.Core.Images;

/// <summary>The name under which an image is cached: SHA-256 of the canonical form of its spec, as 64 lower-case hex digits.</summary>
public readonly record struct ImageKey(string Value)
{
    /// <summary>Equal specs have equal keys; any difference, also of order among repositories and scripts, makes another key.</summary>
    public static ImageKey Of(ImageSpec spec)
    {
        var text = new StringBuilder();
        Append(text, ImageSpec.BuilderVersion.ToString(CultureInfo.InvariantCulture));
        Append(text, spec.Family);
        Append(text, spec.Release);
        Append(text, spec.Architecture);
        AppendCount(text, spec.Repositories.Length);
        foreach (var repository in spec.Repositories)
        {
            Append(text, repository.Uri);
            Append(text, repository.Suite);
            AppendAll(text, repository.Components);
            if (repository.Key is { } key)
            {
                // Only where there is one, so that keys of images without it stay. A third text before the next '#' can be nothing else.
                Append(text, key);
            }
        }

        AppendAll(text, spec.Packages);
        AppendAll(text, spec.Scripts);
        return new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))));
    }

    public override string ToString() => Value;

    private static void AppendAll(StringBuilder text, IReadOnlyCollection<string> values)
    {
        AppendCount(text, values.Count);
        foreach (var value in values)
        {
            Append(text, value);
        }
    }

    // Each value carries its length: no two lists of values run together into the same text.
    private static void Append(StringBuilder text, string value) =>
        text.Append(CultureInfo.InvariantCulture, $"{value.Length}:").Append(value).Append('\n');

    private static void AppendCount(StringBuilder text, int count) =>
        text.Append(CultureInfo.InvariantCulture, $"#{count}\n");
}
