using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>
/// Copies of the program, for a build user that cannot read where it lies (a clone in /root). They lie beside the spool, belong to
/// who makes them, and are named by what they copy: a program that is built again is copied again.
/// </summary>
internal sealed class ProgramCopies(ImageSpool spool)
{
    private const string Prefix = "program-";

    /// <exception cref="IOException">It cannot be copied.</exception>
    public RunningProgram Of(RunningProgram program)
    {
        using var copying = SpoolLock.Take(Path.Combine(spool.Root, "program.lock"));
        var files = new DirectoryInfo(program.Folder).GetFiles("*", SearchOption.AllDirectories);
        var copy = Path.Combine(spool.Root, Prefix + NameOf(program.Folder, files));
        if (!SpoolLock.IsHeld(spool.WorkerLock))
        {
            // No worker runs, so none runs from an older copy, and what is half copied is of a dead process.
            foreach (var other in Directory.GetDirectories(spool.Root, Prefix + "*").Where(folder => folder != copy))
            {
                Directory.Delete(other, recursive: true);
            }
        }

        if (!Directory.Exists(copy))
        {
            var half = copy + SpoolFile.TemporaryMark + Guid.NewGuid().ToString("N");
            MakeReadable(half);
            foreach (var folder in Directory.GetDirectories(program.Folder, "*", SearchOption.AllDirectories).OrderBy(folder => folder.Length))
            {
                MakeReadable(Path.Combine(half, Path.GetRelativePath(program.Folder, folder)));
            }

            foreach (var file in files)
            {
                var target = Path.Combine(half, Path.GetRelativePath(program.Folder, file.FullName));
                file.CopyTo(target);
                Posix.ChangeMode(target, file.UnixFileMode.HasFlag(UnixFileMode.UserExecute) ? Posix.ReadableFolder : Posix.ReadableFile);
            }

            Directory.Move(half, copy);
        }

        return program.In(copy);
    }

    private static void MakeReadable(string folder)
    {
        Directory.CreateDirectory(folder);
        Posix.ChangeMode(folder, Posix.ReadableFolder);
    }

    private static string NameOf(string folder, IEnumerable<FileInfo> files)
    {
        var listing = files.Select(file => string.Create(
            CultureInfo.InvariantCulture, $"{Path.GetRelativePath(folder, file.FullName)}\0{file.Length}\0{file.LastWriteTimeUtc.Ticks}")).Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', listing))))[..16];
    }
}
