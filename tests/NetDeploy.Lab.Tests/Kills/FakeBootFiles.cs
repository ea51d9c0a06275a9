using System.Globalization;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>Boot files that no firmware would start, in the cache's own form: the server verifies them at each start as it does real ones.</summary>
internal static class FakeBootFiles
{
    public static void Write(string cache, string sources)
    {
        var loaders = Build(BootFilesFolder.Loaders(cache));
        new InstalledLoaders("bookworm", [.. LoaderList.Load(sources).Select(entry =>
        {
            var file = Make(loaders, entry.Name);
            return new InstalledLoader(entry.Name, entry.Package, "1", file.Sha256, file.Bytes, entry.Licence, entry.Prefix);
        })]).Write(loaders);
        BootFilesFolder.Switch(BootFilesFolder.Loaders(cache), Path.GetFileName(loaders));

        var environment = Build(BootFilesFolder.Environment(cache));
        var files = new[] { "vmlinuz", "initrd" }.Select(name => (Name: name, File: Make(environment, name)));
        File.WriteAllLines(
            Path.Combine(environment, "manifest"),
            ["build-id 1", "suite bookworm", "kernel 6.1", .. files.Select(f => string.Create(CultureInfo.InvariantCulture, $"file {f.Name} {f.File.Sha256} {f.File.Bytes}"))]);
        BootFilesFolder.Switch(BootFilesFolder.Environment(cache), Path.GetFileName(environment));
    }

    private static string Build(string kind) => Directory.CreateDirectory(Path.Combine(kind, "1")).FullName;

    private static BootFile Make(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, $"not really {name}");
        return new BootFile(path, BootFilesFolder.Sha256(path), new FileInfo(path).Length);
    }
}
