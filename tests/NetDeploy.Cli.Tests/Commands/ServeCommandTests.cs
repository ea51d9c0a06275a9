using NetDeploy.Cli.Commands;
using NetDeploy.Server;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class ServeCommandTests
{
    [Fact]
    public async Task A_part_of_the_server_that_dies_ends_the_command_with_its_fault()
    {
        var broken = new TaskCompletionSource<ServerFault>();
        var serving = ServeCommand.StopRequestedAsync(broken.Task, TestContext.Current.CancellationToken);
        Assert.False(serving.IsCompleted);
        broken.SetResult(new ServerFault("TFTP stopped", "start it again"));
        var fault = await Assert.ThrowsAsync<ServerFault>(() => serving.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal("TFTP stopped", fault.Message);
    }

    [Fact]
    public async Task A_request_to_stop_ends_it_in_order()
    {
        using var stopping = new CancellationTokenSource();
        var serving = ServeCommand.StopRequestedAsync(new TaskCompletionSource<ServerFault>().Task, stopping.Token);
        await stopping.CancelAsync();
        await serving.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }
}
