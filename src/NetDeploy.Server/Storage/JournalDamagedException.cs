namespace NetDeploy.Server.Storage;

/// <summary>
/// The journal is broken where it cannot be a torn write: sound records follow. What that means and what to do about it, its
/// owner knows.
/// </summary>
/// <param name="at">Up to this byte it is sound.</param>
public sealed class JournalDamagedException(string path, int at, int next)
    : Exception($"The journal {path} is damaged at byte {at}, before sound records at byte {next}.")
{
    public int At { get; } = at;
}
