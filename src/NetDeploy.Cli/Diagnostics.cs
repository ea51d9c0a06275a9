using NetDeploy.Client;

namespace NetDeploy.Cli;

/// <summary>Diagnostics as compilers write them, so that editors find the place.</summary>
internal static class Diagnostics
{
    public static void Write(IEnumerable<DiagnosticView> diagnostics)
    {
        foreach (var d in diagnostics)
        {
            var place = d.Line > 0 ? $"{d.File}:{d.Line}:{d.Column}: " : d.File.Length > 0 ? $"{d.File}: " : "";
            Console.Error.WriteLine($"{place}{d.Severity}: {(d.Path.Length > 0 ? d.Path + ": " : "")}{d.Message}");
            if (d.Remedy is not null)
            {
                Console.Error.WriteLine($"  remedy: {d.Remedy}");
            }
        }
    }
}
