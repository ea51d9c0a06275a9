namespace NetDeploy.Server.Mirror;

/// <summary>What <see cref="MirrorRoom"/> knows of one file, under its lock.</summary>
internal sealed class KeptFile(MirrorEntry entry, DateTimeOffset used)
{
    private static readonly TimeSpan UseNoted = TimeSpan.FromMinutes(1);

    public MirrorEntry Entry { get; set; } = entry;

    public DateTimeOffset Used { get; private set; } = used;

    /// <summary>The last use that the disk knows of.</summary>
    public DateTimeOffset Noted { get; private set; } = used;

    public int Readers { get; set; }

    /// <summary>Length and time of the file when its digest was last found right; null: not since the start.</summary>
    public (long Length, DateTime Written)? Seen { get; set; }

    /// <summary>True where it is time to tell the disk.</summary>
    public bool Use(DateTimeOffset now)
    {
        Used = now;
        if (now - Noted <= UseNoted)
        {
            return false;
        }

        Noted = now;
        return true;
    }
}
