using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace NetDeploy.Server.BootFiles;

/// <summary>A file of a build with what its manifest says of it.</summary>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record BootFile(string Path, string Sha256, long Bytes);

/// <summary>A built deploy environment, as its <c>manifest</c> tells it: lines of words, the first one says what.</summary>
/// <param name="Sources">Of the scripts and lists that it was built from, as <see cref="DeployEnvironmentSources"/> computes it; null in builds from before there was one.</param>
public sealed record DeployEnvironment(
    string BuildId, string? Sources, string Suite, string KernelVersion, BootFile Kernel, BootFile Initrd, ImmutableDictionary<string, string> Packages)
{
    internal static bool TryRead(string folder, [NotNullWhen(true)] out DeployEnvironment? environment)
    {
        environment = null;
        var path = Path.Combine(folder, "manifest");
        if (!File.Exists(path))
        {
            return false;
        }

        var lines = File.ReadAllLines(path).Select(l => l.Split(' ')).ToArray();
        string? One(string key) => lines.FirstOrDefault(w => w.Length == 2 && w[0] == key)?[1];
        BootFile? Named(string name) => lines.FirstOrDefault(w => w.Length == 4 && w[0] == "file" && w[1] == name) is { } words
            && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                ? new BootFile(Path.Combine(folder, name), words[2], bytes)
                : null;

        if (One("build-id") is not { } id || One("suite") is not { } suite || One("kernel") is not { } version
            || Named("vmlinuz") is not { } kernel || Named("initrd") is not { } initrd)
        {
            return false;
        }

        var packages = lines.Where(w => w is ["package", _, _, _]).ToImmutableDictionary(w => w[1], w => w[2]);
        environment = new DeployEnvironment(id, One("sources"), suite, version, kernel, initrd, packages);
        return true;
    }
}
