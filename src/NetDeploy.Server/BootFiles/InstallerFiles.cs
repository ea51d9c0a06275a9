using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using NetDeploy.Core.Boot;

namespace NetDeploy.Server.BootFiles;

/// <summary>The boot files of a distribution's own installer, as the <c>manifest</c> of <c>bootfiles/build-installer</c> tells them.</summary>
/// <param name="ComponentsSuite">The suite that the installer's components come from; null: <paramref name="Suite"/>.</param>
public sealed record InstallerFiles(string BuildId, string Suite, string? ComponentsSuite, BootFile Kernel, BootFile Initrd, BootFile Archive)
{
    /// <summary>By the name under which it is served; null for any other.</summary>
    public BootFile? File(string name) => name switch
    {
        InstallerScript.Kernel => Kernel,
        InstallerScript.Initrd => Initrd,
        InstallerScript.Archive => Archive,
        _ => null,
    };

    internal static bool TryRead(string folder, [NotNullWhen(true)] out InstallerFiles? files)
    {
        files = null;
        var path = Path.Combine(folder, "manifest");
        if (!System.IO.File.Exists(path))
        {
            return false;
        }

        var lines = System.IO.File.ReadAllLines(path).Select(l => l.Split(' ')).ToArray();
        string? One(string key) => lines.FirstOrDefault(w => w.Length == 2 && w[0] == key)?[1];
        BootFile? Named(string name) => lines.FirstOrDefault(w => w.Length == 4 && w[0] == "file" && w[1] == name) is { } words
            && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                ? new BootFile(Path.Combine(folder, name), words[2], bytes)
                : null;

        if (One("build-id") is not { } id || One("suite") is not { } suite || Named(InstallerScript.Kernel) is not { } kernel
            || Named(InstallerScript.Initrd) is not { } initrd || Named(InstallerScript.Archive) is not { } archive)
        {
            return false;
        }

        files = new InstallerFiles(id, suite, One("components-suite"), kernel, initrd, archive);
        return true;
    }
}
