using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;

namespace NetDeploy.Server.Images;

/// <summary>How this program, or a copy of it, is executed.</summary>
/// <param name="Folder">Holds the program and its libraries.</param>
/// <param name="Command">The program's executable, or <c>dotnet</c> and the program; absolute.</param>
internal sealed record RunningProgram(string Folder, ImmutableArray<string> Command)
{
    public static RunningProgram Current { get; } = Find();

    /// <summary>Files of .NET that stand for all of it.</summary>
    public ImmutableArray<string> RuntimeFiles =>
        [.. Command.Where(word => !IsOwn(word)), Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "System.Private.CoreLib.dll")];

    /// <summary>Files that stand for the whole folder.</summary>
    public IEnumerable<string> OwnFiles => Command.Where(IsOwn).Append(Path.Combine(Folder, Path.GetFileName(typeof(RunningProgram).Assembly.Location)));

    /// <summary>The same program in a copy of its folder.</summary>
    public RunningProgram In(string copy) =>
        new(copy, [.. Command.Select(word => IsOwn(word) ? Path.Combine(copy, Path.GetRelativePath(Folder, word)) : word)]);

    private static RunningProgram Find()
    {
        var executable = Environment.ProcessPath ?? throw new IOException("The path of this program is unknown. Is /proc mounted?");
        return new(
            Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory),
            Path.GetFileNameWithoutExtension(executable) == "dotnet" ? [executable, Assembly.GetEntryAssembly()!.Location] : [executable]);
    }

    private bool IsOwn(string file) => file.StartsWith(Folder + "/", StringComparison.Ordinal);
}
