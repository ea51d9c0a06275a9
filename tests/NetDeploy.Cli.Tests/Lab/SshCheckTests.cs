using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class SshCheckTests : IDisposable
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB root@blade-1";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ndt-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_deployment_on_its_own_disk_is_proof()
    {
        var commands = new FakeCommands(_ => new CommandResult(0, "deployment=d-1\nroot=/dev/vda2\ncmdline=BOOT_IMAGE=/vmlinuz root=UUID=1 console=ttyS0\n", ""));

        var proof = await RunAsync(commands);

        Assert.Equal(new SshProof(true, null), proof);
        Assert.StartsWith("nsenter --net=/run/netns/ndt-x -- ssh -F /dev/null -i /key ", commands.Run[0], StringComparison.Ordinal);
        Assert.Contains("StrictHostKeyChecking=yes", commands.Run[0], StringComparison.Ordinal);
        Assert.Equal("10.77.0.10 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB\n", File.ReadAllText(Path.Combine(_folder.FullName, "blade-1.known_hosts")));
    }

    [Theory]
    [InlineData("deployment=d-0\nroot=/dev/vda2\ncmdline=\n", "d-0")]
    [InlineData("deployment=\nroot=/dev/vda2\ncmdline=\n", "holds deployment ''")]
    [InlineData("", "holds deployment ''")]
    [InlineData("deployment=d-1\nroot=none\ncmdline=\n", "own disk")]
    [InlineData("deployment=d-1\nroot=/dev/vda2\ncmdline=netdeploy.url=http://10.77.0.1:8080\n", "own disk")]
    public async Task Another_machine_than_the_deployed_one_is_no_proof(string output, string reason)
    {
        var proof = await RunAsync(new FakeCommands(_ => new CommandResult(0, output, "")));

        Assert.False(proof.Reached);
        Assert.Contains(reason, proof.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_host_key_ends_it_at_once()
    {
        var commands = new FakeCommands(_ => new CommandResult(255, "", "Host key verification failed.\r\n"));

        var proof = await RunAsync(commands);

        Assert.False(proof.Reached);
        Assert.Contains("another SSH host key", proof.Reason, StringComparison.Ordinal);
        Assert.Single(commands.Run);
    }

    [Fact]
    public async Task A_machine_without_a_reported_key_is_not_even_asked()
    {
        var commands = new FakeCommands(_ => throw new InvalidOperationException());
        var proof = await new SshCheck(commands, new LabNetwork(commands, "ndt-x"), "/key", _folder.FullName)
            .RunAsync(new SshTarget("blade-1", "10.77.0.10", [], "d-1"), TimeSpan.Zero, TestContext.Current.CancellationToken);

        Assert.False(proof.Reached);
        Assert.Empty(commands.Run);
    }

    [Fact]
    public async Task A_machine_that_starts_late_is_asked_again_until_the_limit()
    {
        var tries = 0;
        var commands = new FakeCommands(_ => ++tries < 3
            ? new CommandResult(255, "", "ssh: connect to host 10.77.0.10 port 22: Connection refused")
            : new CommandResult(0, "deployment=d-1\nroot=/dev/vda2\nboot=1\ncmdline=\n", ""));

        Assert.True((await RunAsync(commands)).Reached);
        Assert.Equal(3, tries);

        var never = await RunAsync(new FakeCommands(_ => new CommandResult(255, "", "Connection refused")), TimeSpan.Zero);
        Assert.Contains("Connection refused", never.Reason, StringComparison.Ordinal);
    }

    private Task<SshProof> RunAsync(FakeCommands commands, TimeSpan? limit = null) =>
        new SshCheck(commands, new LabNetwork(commands, "ndt-x"), "/key", _folder.FullName)
            .RunAsync(new SshTarget("blade-1", "10.77.0.10", [Key], "d-1"), limit ?? TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
}
