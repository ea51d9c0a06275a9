using System.Runtime.CompilerServices;

namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>The folder <c>bootfiles/</c> of the tree that these tests were compiled from, and tools to try it with.</summary>
internal static class SourceTree
{
    public static string BootFiles { get; } = Find();

    public static string? Tool(string name) =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(p => Path.Combine(p, name)).FirstOrDefault(File.Exists);

    private static string Find([CallerFilePath] string here = "")
    {
        var folder = Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(Path.Combine(folder, "NetDeploy.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder ?? throw new InvalidOperationException("no NetDeploy.sln above the tests"), "bootfiles");
    }
}

/// <summary>A folder of one test, removed after it.</summary>
internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ndt-").FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public string Script(string name, string text)
    {
        var path = Write(name, "#!/bin/sh\n" + text);
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException();
        }

        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
