using System.Net.NetworkInformation;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class LabNetworkTests
{
    [Fact]
    public async Task It_is_made_found_again_and_removed_whole_and_the_host_sees_none_of_it()
    {
        await using var host = new LabHost();
        var before = NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).Order(StringComparer.Ordinal).ToArray();
        var network = host.Wire;

        await network.CreateAsync(TestContext.Current.CancellationToken);
        await network.AddTapAsync("tap1", TestContext.Current.CancellationToken);
        await network.CreateAsync(TestContext.Current.CancellationToken);
        await network.AddTapAsync("tap1", TestContext.Current.CancellationToken);

        var inside = (await new CommandRunner().RunAsync([.. network.Inside(["ip", "-o", "address", "show"])], TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Output;
        Assert.Contains("10.77.0.1/24", inside, StringComparison.Ordinal);
        Assert.Contains("fe80::1/64", inside, StringComparison.Ordinal);
        var ports = (await new CommandRunner().RunAsync([.. network.Inside(["ip", "-o", "link", "show", "master", LabNetwork.Bridge])], TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Output;
        Assert.Contains("tap1", ports, StringComparison.Ordinal);
        Assert.Equal(before, NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).Order(StringComparer.Ordinal));
        var routes = (await new CommandRunner().RunAsync([.. network.Inside(["ip", "route"])], TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Output;
        Assert.DoesNotContain("default", routes, StringComparison.Ordinal);

        await network.RemoveAsync(TestContext.Current.CancellationToken);
        Assert.False(network.Exists);
        await network.RemoveAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_refusal_of_the_kernel_names_the_remedy()
    {
        var commands = new FakeCommands(_ => new CommandResult(255, "", "mount --make-shared /run/netns failed: Operation not permitted"));

        var fault = await Assert.ThrowsAsync<UserFault>(() => new LabNetwork(commands, "ndt-no").CreateAsync(TestContext.Current.CancellationToken));

        Assert.Contains("Operation not permitted", fault.Message, StringComparison.Ordinal);
        Assert.Contains("/dev/net/tun", fault.Remedy, StringComparison.Ordinal);
    }
}
