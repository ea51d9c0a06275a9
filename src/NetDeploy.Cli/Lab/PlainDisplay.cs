using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace NetDeploy.Cli.Lab;

/// <summary>One line per change, with the time since the start: for logs and pipes.</summary>
internal sealed class PlainDisplay(TextWriter writer) : ILabDisplay
{
    /// <summary>A percentage is news every so much.</summary>
    private const int PercentStep = 25;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, LabStation> _shown = [];
    private readonly Lock _writing = new();

    public void Say(string line) => Write(line);

    public void Show(string blade, LabStation station)
    {
        var rounded = station with { Percent = station.Percent / PercentStep * PercentStep };
        if (!_shown.TryGetValue(blade, out var before) || before != rounded)
        {
            _shown[blade] = rounded;
            Write($"{blade}: {station.Text}");
        }
    }

    public void End(LabMachineResult result) => Write(result.Ssh
        ? string.Create(CultureInfo.InvariantCulture, $"{result.Name}: {(result.Rebuilt is true ? "rebuilt" : "installed")}, {result.Seconds:0.0} s from power-on to login")
        : $"{result.Name}: failed: {result.Reason}");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Write(string line)
    {
        lock (_writing)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,7:0.0}  {line}"));
            writer.Flush();
        }
    }
}
