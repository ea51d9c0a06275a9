using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NetDeploy.Client;
using NetDeploy.Core.Deployments;

namespace NetDeploy.Cli;

/// <summary>How verbs write: answers on standard output, everything else on standard error.</summary>
internal static class Output
{
    /// <summary>One line of JSON on standard output.</summary>
    public static void Json<T>(T value, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>The time of day here.</summary>
    public static string Clock(long unixMilliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A number with its noun: 1 machine, 3 machines.</summary>
    public static string Counted(int number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");

    /// <summary>Diagnostics as compilers write them, so that editors find the place; on standard error.</summary>
    public static void Diagnostics(IEnumerable<DiagnosticView> diagnostics)
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

    /// <summary>A terminal that prints a line of a machine must not be steered by it.</summary>
    internal static string Plain(string line)
    {
        var text = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\u001b')
            {
                // ECMA-48: ESC [ parameters final, or ESC and one character.
                if (i + 1 < line.Length && line[i + 1] == '[')
                {
                    i += 2;
                    while (i < line.Length && line[i] is < '@' or > '~')
                    {
                        i++;
                    }
                }
                else
                {
                    i++;
                }
            }
            else if (line[i] == '\t' || !TimelineNote.Steers(line[i]))
            {
                text.Append(line[i]);
            }
        }

        return text.ToString();
    }
}
