using System.Globalization;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The spelling of places in a tree: <c>system.users[ops].sshKeys[0]</c>.</summary>
internal static class Paths
{
    public static string Key(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    public static string Item(string path, string name) => $"{path}[{name}]";

    public static string Index(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");
}
