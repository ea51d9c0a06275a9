using Microsoft.AspNetCore.Http;

namespace NetDeploy.Server.Mirror;

/// <summary>A file that a client cannot have now, for the upstream's or the disk's sake.</summary>
internal sealed class MirrorFault(string message, string remedy, int status = 502, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy { get; } = remedy;

    /// <summary>What HTTP says where nothing has been sent yet.</summary>
    public int Status { get; } = status;

    /// <summary>The operator has to act: it does not mend itself as an upstream does.</summary>
    public bool LacksRoom => Status == StatusCodes.Status507InsufficientStorage;

    public static MirrorFault NoRoom(string message) => new(
        message, "Raise maxSize of this mirror in the server's configuration, or free room on the server's disk.", StatusCodes.Status507InsufficientStorage);
}
