using System.Globalization;
using System.Text.RegularExpressions;

namespace NetDeploy.Server.Images;

/// <summary>Reads mmdebstrap's verbose output as progress: its own <c>I:</c> lines are the steps, apt's and dpkg's lines what happens in them.</summary>
internal sealed partial class MmdebstrapProgress
{
    /// <summary>A line of ours, printed by a hook before each build script.</summary>
    public const string ScriptLine = "netdeploy: build script ";

    private static readonly (string Prefix, ImageBuildStep Step, int Percent, int Next)[] Steps =
    [
        ("I: running apt-get update", ImageBuildStep.Update, 1, 5),
        ("I: downloading packages", ImageBuildStep.Download, 5, 12),
        ("I: extracting archives", ImageBuildStep.Extract, 12, 18),
        ("I: installing essential", ImageBuildStep.Essential, 18, 35),
        ("I: installing remaining", ImageBuildStep.Install, 35, 80),
        (ScriptLine, ImageBuildStep.Scripts, 80, 86),
        ("I: cleaning package lists", ImageBuildStep.Clean, 86, 87),
        ("I: creating tarball", ImageBuildStep.Pack, 87, 98),
    ];

    private int _percent;
    private int _next = 1;
    private int _start;
    private int _packages;
    private int _done;
    private ImageBuildStep _step = ImageBuildStep.Update;

    /// <summary>The progress after a line, or null when the line says nothing new.</summary>
    public ImageBuildProgress? Read(string line)
    {
        foreach (var (prefix, step, percent, next) in Steps)
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
            {
                (_step, _start, _next, _done) = (step, percent, next, 0);
                return At(percent, line.StartsWith("I: ", StringComparison.Ordinal) ? line[3..].TrimEnd('.') : line["netdeploy: ".Length..]);
            }
        }

        if (NewPackages().Match(line) is { Success: true } count)
        {
            _packages = int.Parse(count.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            _done = 0;
            return null;
        }

        var doing = PackageLine().Match(line);
        if (!doing.Success || _packages == 0)
        {
            return null;
        }

        // Each package is unpacked once and set up once; in the download step, fetched once.
        _done++;
        var all = _step == ImageBuildStep.Download ? _packages : 2 * _packages;
        return At(_start + ((_next - _start) * Math.Min(_done, all) / all), doing.Value.ToLowerInvariant());
    }

    private ImageBuildProgress At(int percent, string detail) => new(_step, _percent = Math.Max(_percent, percent), detail);

    [GeneratedRegex(@"^\d+ upgraded, (\d{1,6}) newly installed")]
    private static partial Regex NewPackages();

    [GeneratedRegex(@"^(Unpacking|Setting up|Get:\d+) [^ ]+")]
    private static partial Regex PackageLine();
}
