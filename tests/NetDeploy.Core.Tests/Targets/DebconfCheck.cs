using System.Diagnostics;

namespace NetDeploy.Core.Tests.Targets;

/// <summary><c>debconf-set-selections -c</c> over a database of its own: this machine's is locked while anything is installed here.</summary>
internal static class DebconfCheck
{
    private const string Program = "/usr/bin/debconf-set-selections";

    public static bool IsThere => File.Exists(Program);

    /// <summary>Empty: it takes the text without a word.</summary>
    public static string Run(string preseed)
    {
        var folder = Directory.CreateTempSubdirectory("ndt-debconf-");
        try
        {
            var file = Path.Combine(folder.FullName, "preseed.cfg");
            var configuration = Path.Combine(folder.FullName, "debconf.conf");
            File.WriteAllText(file, preseed);
            File.WriteAllText(configuration, $"Config: config\nTemplates: templates\n\nName: config\nDriver: File\nFilename: {folder.FullName}/config.dat\n\nName: templates\nDriver: File\nFilename: {folder.FullName}/templates.dat\n");
            var start = new ProcessStartInfo(Program, ["-c", file]) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["DEBCONF_SYSTEMRC"] = configuration;
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var said = process.StandardOutput.ReadToEnd() + error.GetAwaiter().GetResult();
            process.WaitForExit();
            return process.ExitCode == 0 ? said : $"exit code {process.ExitCode}: {said}";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
