using NetDeploy.Server.Tests.Storage;
using NetDeploy.Server.Tests.Tftp;

namespace NetDeploy.Server.Tests;

public sealed class DataFoldersTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder _folder = new();
    private readonly RecordingLogger _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void New_folders_are_the_owners_alone()
    {
        DataFolders.Prepare(_folder["data"], _log);
        Assert.All(Modes(), mode => Assert.Equal(OwnerOnly, mode));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void What_others_could_enter_is_closed_and_told_once()
    {
        DataFolders.Prepare(_folder["data"], _log);
        File.SetUnixFileMode(ServerPaths.Documents(_folder["data"]), OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherExecute);
        DataFolders.Prepare(_folder["data"], _log);
        DataFolders.Prepare(_folder["data"], _log);
        Assert.All(Modes(), mode => Assert.Equal(OwnerOnly, mode));
        var (level, text) = Assert.Single(_log.Lines);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, level);
        Assert.Contains($"{ServerPaths.Documents(_folder["data"])} (mode 741)", text, StringComparison.Ordinal);
    }

    private IEnumerable<UnixFileMode> Modes()
    {
        var folders = Directory.GetDirectories(_folder["data"]);
        Assert.Equal(4, folders.Length);
        return folders.Select(File.GetUnixFileMode);
    }
}
