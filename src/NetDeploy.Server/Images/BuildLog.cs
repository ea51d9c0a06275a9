using System.Collections.Immutable;
using System.Text;

namespace NetDeploy.Server.Images;

/// <summary>
/// A build's log: a file that ends at a limit, and the last lines in memory, which is where a failure shows.
/// Safe for concurrent use. Build scripts write here: control characters are replaced.
/// </summary>
internal sealed class BuildLog : IDisposable
{
    /// <summary>Later lines are dropped from the file, with a last line that says so.</summary>
    public const int MaximumFileBytes = 8 * 1024 * 1024;

    public const int MaximumLineCharacters = 2000;

    public const int TailLines = 60;

    private readonly Lock _writing = new();
    private readonly Queue<string> _tail = new();
    private FileStream? _file;

    public BuildLog(string path) => _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);

    public ImmutableArray<string> Tail
    {
        get
        {
            lock (_writing)
            {
                return [.. _tail];
            }
        }
    }

    public void Write(string line)
    {
        var clean = Clean(line);
        lock (_writing)
        {
            _tail.Enqueue(clean);
            if (_tail.Count > TailLines)
            {
                _tail.Dequeue();
            }

            if (_file is null)
            {
                return;
            }

            try
            {
                _file.Write(Encoding.UTF8.GetBytes(clean + "\n"));
                if (_file.Length > MaximumFileBytes)
                {
                    _file.Write("(the log is cut here)\n"u8);
                    CloseFile();
                }
            }
            catch (IOException e)
            {
                // A full disk must not end a build before the build itself says so.
                _tail.Enqueue($"(the log file ends here: {e.Message})");
                CloseFile();
            }
        }
    }

    public void Dispose()
    {
        lock (_writing)
        {
            CloseFile();
        }
    }

    private static string Clean(string line)
    {
        var kept = line.Length > MaximumLineCharacters ? line[..MaximumLineCharacters] + "..." : line;
        return kept.Any(char.IsControl) ? string.Concat(kept.Select(c => c == '\t' ? ' ' : char.IsControl(c) ? '?' : c)) : kept;
    }

    private void CloseFile()
    {
        try
        {
            _file?.Dispose();
        }
        catch (IOException)
        {
            // The flush of the last buffer met the full disk again; its lines are in the tail.
        }

        _file = null;
    }
}
