namespace NetDeploy.Server.Mirror;

/// <summary>What a client is told of a file.</summary>
internal abstract record MirrorAnswer
{
    private MirrorAnswer()
    {
    }

    /// <param name="Sha256">Null: not known before its end.</param>
    /// <param name="Immutable">A range of it is right whatever the client has: If-Range need not be looked at.</param>
    public sealed record Content(MirrorBody Body, string? Sha256, DateTimeOffset? LastModified, bool Immutable) : MirrorAnswer;

    /// <summary>Only its head was asked for, and the upstream's is all that is known.</summary>
    public sealed record HeadOnly(long? Length) : MirrorAnswer;

    public sealed record Missing(string Reason) : MirrorAnswer;
}
