using System.Collections.Immutable;
using System.Globalization;
using NetDeploy.Client;
using NetDeploy.Core.Boot;

namespace NetDeploy.Cli.Commands;

/// <summary>The table of <c>machines</c>: a line a machine; why it is where it is follows below it where the line has no room.</summary>
internal static class MachineLines
{
    private const string Gap = "  ";
    private const string Indent = "    ";

    private static readonly string[] Heads = ["machine", "state", "distro", "profiles", "address"];

    /// <param name="width">Of the terminal, in columns; words longer than it stay whole.</param>
    public static IEnumerable<string> Of(MachineListView list, int width)
    {
        string[][] rows = [Heads, .. list.Machines.Select(m => (string[])[m.Name, m.State, m.Distro ?? "-", string.Join(' ', m.Profiles), m.Address ?? "-"])];
        var widths = Heads.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        yield return Line(rows[0], widths, "what").TrimEnd();
        foreach (var (machine, row) in list.Machines.Zip(rows.Skip(1)))
        {
            var what = What(machine);
            var line = Line(row, widths, what).TrimEnd();
            if (line.Length <= width)
            {
                yield return line;
                continue;
            }

            yield return Line(row, widths, "").TrimEnd();
            foreach (var part in Wrap(what, width - Indent.Length))
            {
                yield return Indent + part;
            }
        }

        if (list.Unknown.Count > 0)
        {
            yield return "";
            yield return "Seen asking, named by no document:";
            foreach (var u in list.Unknown)
            {
                var hardware = string.Join(' ', new[] { u.Vendor, u.Product, u.Serial }.OfType<string>());
                yield return $"  {u.Mac}  {Firmware(u.Firmware)}  {u.Address ?? "-"}  last {Output.Clock(u.LastSeen)}, {Output.Counted(u.Requests, "request")}"
                    + $"{(u.State == "held" ? ", held" : "")}{(hardware.Length > 0 ? "  " + hardware : "")}";
                if (u.State == "held")
                {
                    yield return $"{Indent}{u.Reason}. Next: netdeploy adopt {u.Mac} NAME --profile P --distro D";
                }
            }
        }
    }

    /// <summary>The DHCP servers beside this one; nothing where there is none.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<OtherServerView> servers)
    {
        if (servers.Count == 0)
        {
            yield break;
        }

        yield return "";
        yield return "Other DHCP servers:";
        foreach (var s in servers)
        {
            yield return $"  {s.Address}  {s.Mac ?? "no MAC on this link"}  on {s.Interface}, {(s.Answered ? "it answers" : "a machine named it")}, last {Output.Clock(s.LastSeen)}";
        }
    }

    /// <summary>Option 93's codes in words; one that nobody knows stays a number.</summary>
    internal static string Firmware(string codes)
    {
        ImmutableArray<ushort> numbers = [.. codes.Split(',').Select(c => ushort.TryParse(c, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? (int)code : -1).Where(c => c >= 0).Select(c => (ushort)c)];
        if (numbers.IsEmpty)
        {
            return codes.Length > 0 ? codes : "unknown";
        }

        if (BootFirmware.Of(numbers) is not { } firmware)
        {
            return $"firmware {codes}";
        }

        var name = firmware.Kind switch
        {
            FirmwareKind.Bios => "BIOS",
            FirmwareKind.RaspberryPi => "Raspberry Pi",
            var uefi => "UEFI " + uefi.ToString()["Uefi".Length..].ToLowerInvariant(),
        };
        return firmware.IsHttp ? name + " HTTP" : name;
    }

    private static string What(MachineView m) =>
        m.Fault is not null ? $"cannot be granted: {m.Fault}{(m.RecipeRevision is { } good ? string.Create(CultureInfo.InvariantCulture, $" It keeps the recipe of revision {good}.") : "")}" :
        m.Reason ?? (m.Step is null ? "" : m.Percent is null ? m.Step : string.Create(CultureInfo.InvariantCulture, $"{m.Step} {m.Percent} %"));

    private static string Line(string[] cells, int[] widths, string what) =>
        string.Join(Gap, [.. cells.Select((cell, column) => cell.PadRight(widths[column])), what]);

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length > 0 ? $"{line} {word}" : word;
            }
        }

        if (line.Length > 0)
        {
            yield return line;
        }
    }
}
