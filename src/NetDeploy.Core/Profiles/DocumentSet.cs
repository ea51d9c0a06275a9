namespace NetDeploy.Core.Profiles;

/// <summary>All YAML documents of a NetDeploy server or folder, read together.</summary>
public static class DocumentSet
{
    /// <summary>
    /// Reads, checks and resolves everything: also each machine's recipe, and that its target can express it. Any error
    /// refuses the whole set; the caller keeps its last good snapshot. Whatever the texts hold, nothing is thrown.
    /// </summary>
    public static Result<Snapshot> Parse(IEnumerable<SourceText> sources) => throw new NotSupportedException(sources.ToString());
}
