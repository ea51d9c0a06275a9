using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>
/// A process that cannot be taken for another: ids are used again, but not with the same start time.
/// </summary>
/// <param name="StartTicks">Clock ticks from the host's boot to its start: field 22 of /proc/PID/stat (proc(5)).</param>
internal sealed record ProcessIdentity(int Id, long StartTicks)
{
    /// <summary>Null where there is no such process, or it ended and only waits for its parent.</summary>
    public static ProcessIdentity? Of(int id)
    {
        string text;
        try
        {
            text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // Field 2 is the name in parentheses, and may itself hold spaces and parentheses.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : new ProcessIdentity(id, long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    [JsonIgnore]
    public bool IsAlive => Of(Id) == this;

    /// <summary>Asks it to end, waits, then kills it. Does nothing to another process that has its id by now.</summary>
    /// <returns>True where it was alive.</returns>
    public async Task<bool> EndAsync(TimeSpan patience, CancellationToken cancellationToken = default)
    {
        if (!IsAlive)
        {
            return false;
        }

        Signals.Send(Id, PosixSignalNumber.Terminate);
        if (!await GoneAsync(patience, cancellationToken).ConfigureAwait(false))
        {
            Signals.Send(Id, PosixSignalNumber.Kill);
            await GoneAsync(TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<bool> GoneAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (IsAlive)
        {
            if (clock.Elapsed > patience)
            {
                return false;
            }

            await Task.Delay(50, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }
}

/// <summary>signal(7), x86 and Arm.</summary>
internal enum PosixSignalNumber
{
    Kill = 9,
    Terminate = 15,
}

internal static partial class Signals
{
    /// <returns>False where the process ended meanwhile.</returns>
    public static bool Send(int processId, PosixSignalNumber signal) => Kill(processId, (int)signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
