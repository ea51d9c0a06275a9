using NetDeploy.Client;

namespace NetDeploy.Cli;

/// <summary>Diagnostics as compilers write them, so that editors find the place.</summary>
internal static class Diagnostics
{
    public static void Write(IEnumerable<DiagnosticView> diagnostics)
    {
        foreach (var d in diagnostics)
        {
            Console.Error.WriteLine($"{d.File}:{d.Line}:{d.Column}: {d.Severity}: {(d.Path.Length > 0 ? d.Path + ": " : "")}{d.Message}");
            if (d.Remedy is not null)
            {
                Console.Error.WriteLine($"  remedy: {d.Remedy}");
            }
        }
    }
}
