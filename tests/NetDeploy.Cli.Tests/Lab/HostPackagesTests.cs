using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class HostPackagesTests : IDisposable
{
    private static readonly CommandResult Done = new(0, "", "");

    private readonly DirectoryInfo _etc = Directory.CreateTempSubdirectory("ndt-");

    public HostPackagesTests()
    {
        Etc("passwd", "root:x:0:0:root:/root:/bin/bash\nnetdeploy-build:x:999:999::/nonexistent:/usr/sbin/nologin\n");
        Etc("subuid", "netdeploy-build:100000:65536\n");
        Etc("subgid", "netdeploy-build:100000:65536\n");
    }

    public void Dispose() => _etc.Delete(recursive: true);

    [Fact]
    public async Task Only_what_dpkg_calls_installed_counts()
    {
        var commands = Dpkg(all: true, "uidmap config-files", "cpio half-installed");

        var missing = await Packages(commands).MissingAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["cpio", "uidmap"], missing.Select(p => p.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_complete_host_is_asked_nothing()
    {
        var commands = Dpkg(all: true);
        var said = new StringWriter();

        await Packages(commands).EnsureAsync(new HostConsent(IsRoot: false, AssumeYes: false, said, TextReader.Null), TestContext.Current.CancellationToken);

        Assert.Single(commands.Run);
        Assert.Empty(said.ToString());
    }

    [Fact]
    public async Task Without_root_the_exact_commands_are_named()
    {
        Etc("passwd", "root:x:0:0:root:/root:/bin/bash\n");
        Etc("subuid", "someone:100000:65536\n");
        Etc("subgid", "");
        var commands = Dpkg(all: true, "ovmf not-installed");

        var fault = await Assert.ThrowsAsync<UserFault>(() => Packages(commands).EnsureAsync(new HostConsent(false, true, TextWriter.Null, TextReader.Null), TestContext.Current.CancellationToken));

        Assert.Contains("apt-get install --yes --no-install-recommends ovmf; useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin netdeploy-build; ", fault.Remedy, StringComparison.Ordinal);
        // Not the range that someone else has.
        Assert.Contains("usermod --add-subuids 165536-231071 netdeploy-build; usermod --add-subgids 165536-231071 netdeploy-build", fault.Remedy, StringComparison.Ordinal);
        Assert.Equal(1, fault.ExitCode);
        Assert.Single(commands.Run);
    }

    [Theory]
    [InlineData("y\n", true)]
    [InlineData("YES\n", true)]
    [InlineData("n\n", false)]
    [InlineData("\n", false)]
    [InlineData("", false)]
    public async Task Nothing_is_installed_without_a_yes(string typed, bool installs)
    {
        var commands = Dpkg(all: true, "ovmf not-installed");
        var said = new StringWriter();
        var ensure = Packages(commands).EnsureAsync(new HostConsent(true, AssumeYes: false, said, new StringReader(typed)), TestContext.Current.CancellationToken);

        if (installs)
        {
            await ensure;
        }
        else
        {
            await Assert.ThrowsAsync<UserFault>(() => ensure);
        }

        Assert.Contains("ovmf", said.ToString(), StringComparison.Ordinal);
        Assert.Equal(installs, commands.Run.Contains("apt-get install --yes --no-install-recommends ovmf"));
    }

    [Fact]
    public async Task Stale_lists_are_updated_once()
    {
        var installs = 0;
        var commands = new FakeCommands(c => c switch
        {
            ["dpkg-query", ..] => Known("ovmf not-installed"),
            ["apt-get", "install", ..] => ++installs == 1 ? new CommandResult(100, "", "E: Unable to locate package ovmf") : Done,
            ["apt-get", "update"] => Done,
            _ => null,
        });

        await Packages(commands).EnsureAsync(new HostConsent(true, true, TextWriter.Null, TextReader.Null), TestContext.Current.CancellationToken);

        Assert.Equal(2, installs);
    }

    [Fact]
    public async Task A_failed_install_says_why_and_what_to_run()
    {
        var commands = new FakeCommands(c => c switch
        {
            ["dpkg-query", ..] => Known("ovmf not-installed"),
            ["apt-get", "install", ..] => new CommandResult(100, "", "E: Unable to locate package ovmf\n"),
            _ => Done,
        });

        var fault = await Assert.ThrowsAsync<UserFault>(() => Packages(commands).EnsureAsync(new HostConsent(true, true, TextWriter.Null, TextReader.Null), TestContext.Current.CancellationToken));

        Assert.Contains("Unable to locate package ovmf", fault.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_without_dpkg_is_told_so()
    {
        var commands = new FakeCommands(_ => new CommandResult(CommandResult.NotFound, "", "No such file or directory"));

        var fault = await Assert.ThrowsAsync<UserFault>(() => Packages(commands).MissingAsync(TestContext.Current.CancellationToken));

        Assert.Contains("Debian", fault.Remedy, StringComparison.Ordinal);
    }

    private HostPackages Packages(FakeCommands commands) => new(commands, new BuildUser(_etc.FullName), HostPackage.Needed);

    private static FakeCommands Dpkg(bool all, params string[] but) => new(c => c[0] switch
    {
        "dpkg-query" => all ? Known(but) : new CommandResult(1, "", ""),
        _ => Done,
    });

    /// <summary>A dpkg database in which all is installed but what is told otherwise; some names with their architecture, as dpkg does.</summary>
    private static CommandResult Known(params string[] but) => new(
        1,
        string.Join('\n', HostPackage.Needed.Select(p => but.FirstOrDefault(b => b.StartsWith(p.Name + " ", StringComparison.Ordinal)) ?? $"{p.Name}{(p.Name == "zstd" ? ":amd64" : "")} installed")) + "\n",
        "dpkg-query: no packages found matching x");

    private void Etc(string name, string text) => File.WriteAllText(Path.Combine(_etc.FullName, name), text);
}
