using NetDeploy.Core.Tests.Profiles;

namespace NetDeploy.Core.Tests.Targets;

/// <summary>Texts kept beside the tests. UPDATE_GOLDEN=1 writes them anew; the change is then read in the diff.</summary>
internal static class Golden
{
    public static void Matches(string name, string actual)
    {
        var path = Path.Combine(ShippedFiles.Root, "tests", "NetDeploy.Core.Tests", "Targets", "Golden", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }
}
