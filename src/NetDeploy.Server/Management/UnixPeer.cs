using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Management;

/// <summary>
/// Who is at the other end of the management socket, from the kernel (unix(7), SO_PEERCRED). Mode 0600 keeps others out already;
/// this holds too where somebody changed the mode of the socket or of a folder above it.
/// </summary>
internal static class UnixPeer
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    public static bool MayManage(ConnectionContext connection)
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        return socket is not null && UserId(socket) is { } user && (user == 0 || user == Posix.EffectiveUserId);
    }

    /// <summary>The peer's user id; null where the kernel does not tell. struct ucred is pid, uid, gid, 32 bits each.</summary>
    public static uint? UserId(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        return socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == 12
            ? BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) : BinaryPrimitives.ReadUInt32BigEndian(credentials[4..])
            : null;
    }
}
