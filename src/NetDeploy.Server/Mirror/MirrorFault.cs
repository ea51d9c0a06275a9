namespace NetDeploy.Server.Mirror;

/// <summary>A file that a client cannot have now, for the upstream's or the disk's sake.</summary>
internal sealed class MirrorFault(string message, string remedy, int status = 502, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy { get; } = remedy;

    /// <summary>What HTTP says where nothing has been sent yet.</summary>
    public int Status { get; } = status;
}
