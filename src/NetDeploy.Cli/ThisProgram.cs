using System.Collections.Immutable;

namespace NetDeploy.Cli;

/// <summary>The command line that starts this program again.</summary>
internal static class ThisProgram
{
    /// <summary>Whether it was started by dotnet or by its own executable.</summary>
    public static ImmutableArray<string> With(params IEnumerable<string> arguments)
    {
        var program = Environment.ProcessPath ?? throw new UserFault("The path of this program is unknown.", "Start it by its full path.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, System.Reflection.Assembly.GetEntryAssembly()!.Location, .. arguments]
            : [program, .. arguments];
    }
}
