using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles;

/// <summary>Sizes as people write them, in documents and in the configuration.</summary>
public static class Sizes
{
    /// <summary><c>512MiB</c>, <c>20GiB</c>, <c>2TB</c>; the unit is required.</summary>
    public static bool TryParse(string text, out long bytes) => Values.TrySize(text, out bytes);
}
