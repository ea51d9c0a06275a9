using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace NetDeploy.Cli.Lab;

/// <summary>The live view on a terminal: one line per blade.</summary>
internal sealed class LabDisplay : ILabDisplay
{
    private const int BarWidth = 24;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, Line> _lines = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly IAnsiConsole _console;
    private readonly Task _drawing;
    private readonly ConcurrentQueue<string> _afterwards = [];
    private volatile bool _ended;
    private string _said = "";

    internal LabDisplay(IAnsiConsole console)
    {
        _console = console;
        _drawing = _console.Live(Draw()).StartAsync(async live =>
        {
            while (!_stop.IsCancellationRequested)
            {
                live.UpdateTarget(Draw());
                await Task.Delay(TimeSpan.FromMilliseconds(250), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            live.UpdateTarget(Draw());
        });
    }

    /// <summary>Live where standard error is a terminal, plain lines otherwise.</summary>
    public static ILabDisplay OnStandardError()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return Console.IsErrorRedirected || !console.Profile.Capabilities.Ansi ? new PlainDisplay(Console.Error) : new LabDisplay(console);
    }

    /// <summary>While blades are on their way, the last line is shown below them; what is said at the end stays on the screen.</summary>
    public void Say(string line)
    {
        if (_ended)
        {
            _afterwards.Enqueue(line);
        }
        else
        {
            _said = line;
        }
    }

    public void Show(string blade, LabStation station) =>
        _lines.AddOrUpdate(blade, _ => new Line(station, _clock.Elapsed, null), (_, line) => line.Station == station ? line : line with { Station = station });

    public void End(LabMachineResult result)
    {
        _ended = true;
        var station = new LabStation(result.Ssh ? LabPhase.Done : LabPhase.Failed);
        _lines.AddOrUpdate(
            result.Name,
            _ => new Line(station, _clock.Elapsed, result),
            (_, line) => line with { Station = station, Result = result });
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _drawing.ConfigureAwait(false);
        _stop.Dispose();
        foreach (var line in _afterwards)
        {
            _console.WriteLine(line);
        }
    }

    private Rows Draw()
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumns("blade", "bar", "station", "time");
        foreach (var (name, line) in _lines.OrderBy(l => l.Key.Length).ThenBy(l => l.Key, StringComparer.Ordinal))
        {
            table.AddRow(
                new Markup($"[bold]{Markup.Escape(name)}[/]"),
                new Markup(Bar(line.Station.Phase)),
                new Markup(Station(line)),
                new Markup(Time(line)));
        }

        // Below the table and not as its caption: a caption is as narrow as the table, and centred.
        return new Rows(table, new Text(_said));
    }

    private static string Bar(LabPhase phase)
    {
        var filled = phase == LabPhase.Failed ? BarWidth : (int)phase * BarWidth / (int)LabPhase.Done;
        var colour = phase switch { LabPhase.Done => "green", LabPhase.Failed => "red", _ => "blue" };
        return $"[{colour}]{new string('━', filled)}[/][grey]{new string('─', BarWidth - filled)}[/]";
    }

    private static string Station(Line line) => line.Result switch
    {
        null => Markup.Escape(line.Station.Text),
        { Ssh: true, Rebuilt: true } => "[green]rebuilt, reached by SSH[/]",
        { Ssh: true } => "[green]installed, reached by SSH[/]",
        var failed => $"[red]{Markup.Escape(failed.Reason ?? "failed")}[/]",
    };

    private string Time(Line line) => string.Create(
        CultureInfo.InvariantCulture,
        $"[grey]{line.Result?.Seconds ?? (_clock.Elapsed - line.Since).TotalSeconds:0} s[/]");

    private sealed record Line(LabStation Station, TimeSpan Since, LabMachineResult? Result);
}
