namespace NetDeploy.Cli.Lab;

/// <summary>The end of a blade's serial console, for the one who looks into a failure.</summary>
internal static class LabConsole
{
    /// <summary>Firmware redraws whole screens: what matters is in the last kilobytes.</summary>
    private const int Tail = 16 * 1024;

    /// <summary>The last <paramref name="lines"/> lines that hold text, without escape sequences.</summary>
    public static IReadOnlyList<string> LastLines(string path, int lines)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Seek(-Math.Min(Tail, stream.Length), SeekOrigin.End);
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\r', '\n').Select(Output.Plain).Where(line => line.Trim().Length > 0).TakeLast(lines)];
    }
}
