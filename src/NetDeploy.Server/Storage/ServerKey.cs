using System.Security.Cryptography;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Storage;

/// <summary>A key of the server, for tokens or for secrets: 32 random bytes in a file of mode 0600 beside the store, never in it.</summary>
public static class ServerKey
{
    /// <summary>Reads the key, or makes it on the first start.</summary>
    /// <param name="withoutIt">What a new key in its place means, for the remedy: <c>open tokens are void then</c>.</param>
    /// <exception cref="StoreException">The file is damaged, or others may read it.</exception>
    public static byte[] LoadOrCreate(string path, string withoutIt)
    {
        if (!File.Exists(path))
        {
            var part = path + ".part";
            File.Delete(part);
            using (var file = new FileStream(part, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                file.Write(RandomNumberGenerator.GetBytes(32));
                file.Flush(flushToDisk: true);
            }

            File.Move(part, path);
            Posix.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if ((File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new StoreException($"Others can read the server key {path}.", $"chmod 600 {path}. If they may have read it, move it away after that, and the next start makes a new one: {withoutIt}.");
        }

        var key = File.ReadAllBytes(path);
        return key.Length == 32
            ? key
            : throw new StoreException($"The server key {path} has {key.Length} bytes instead of 32.", $"Restore it from a backup. Or move it away, and the next start makes a new one: {withoutIt}.");
    }
}
