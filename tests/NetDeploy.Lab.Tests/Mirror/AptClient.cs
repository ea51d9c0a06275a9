using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Lab.Tests.Mirror;

/// <summary>A real apt with nothing installed: its own sources, lists, cache and state below a folder, and none of this machine's.</summary>
internal sealed class AptClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string _root;
    private readonly Func<IEnumerable<string>, IEnumerable<string>> _where;

    /// <param name="where">The command as it runs in the client's network.</param>
    public AptClient(string root, string mirror, Func<IEnumerable<string>, IEnumerable<string>> where)
    {
        _root = root;
        _where = where;
        foreach (var folder in (string[])["etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/apt.conf.d", "etc/apt/auth.conf.d", "etc/apt/trusted.gpg.d", "state/lists/partial", "cache/archives/partial"])
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        File.WriteAllText(Path.Combine(root, "status"), "");
        File.WriteAllText(Path.Combine(root, "etc/apt/sources.list"), $"deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} bookworm main\n");
        // Not by -o: this machine's configuration is read before that, and this instead of it.
        File.WriteAllText(Path.Combine(root, "apt.conf"), $$"""
            Dir "{{root}}/";
            Dir::Etc "etc/apt";
            Dir::State "state";
            Dir::State::status "{{root}}/status";
            Dir::Cache "cache";
            Dir::Bin::dpkg "/bin/true";
            APT::Architecture "amd64";
            APT::Architectures "amd64";
            APT::Sandbox::User "root";
            APT::Install-Recommends "false";
            Acquire::Languages "none";
            Acquire::Retries "0";
            Acquire::Check-Valid-Until "false";
            Acquire::Check-Date "false";
            Debug::NoLocking "true";
            """);
    }

    public IEnumerable<string> Archives => Directory.EnumerateFiles(Path.Combine(_root, "cache/archives"), "*.deb").Select(f => Path.GetFileName(f));

    public long Bytes => new DirectoryInfo(Path.Combine(_root, "cache/archives")).EnumerateFiles("*.deb").Sum(f => f.Length);

    public async Task UpdateAsync(params string[] options) => await RunAsync([.. options, "--error-on=any", "update"]);

    public async Task DownloadAsync(params string[] packages) => await RunAsync(["--yes", "--download-only", "install", .. packages]);

    private async Task RunAsync(IEnumerable<string> arguments)
    {
        var run = await new CommandRunner().RunAsync(
            [.. _where(["env", $"APT_CONFIG={Path.Combine(_root, "apt.conf")}", "apt-get", "--quiet", .. arguments])], Patience, TestContext.Current.CancellationToken);
        Assert.True(run.Succeeded, $"apt-get {string.Join(' ', arguments)}: {run.Output}\n{run.Error}");
    }
}
