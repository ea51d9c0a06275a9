using NetDeploy.Cli.Commands;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class DeployCommandTests
{
    private readonly List<string> _orders = [];

    [Fact]
    public async Task A_machine_that_is_refused_keeps_no_other_from_its_order()
    {
        Assert.False(await DeployCommand.EachAsync(["web1", "web2", "web3", "web4"], json: false, name => OrderAsync(name, name switch
        {
            "web1" => new NetDeployApiException("web1 is protected.", "Set protected: false.", 409),
            "web3" => new UserFault("'x' is not 'web3': nothing was done.", "Run the command again."),
            _ => null,
        })));
        Assert.Equal(["web1", "web2", "web3", "web4"], _orders);
    }

    [Fact]
    public async Task Orders_that_are_all_taken_are_done() =>
        Assert.True(await DeployCommand.EachAsync(["web1", "web2"], json: false, name => OrderAsync(name, null)));

    [Theory]
    [InlineData(0)]
    [InlineData(400)]
    public async Task What_every_machine_would_be_refused_for_ends_it(int status)
    {
        await Assert.ThrowsAsync<NetDeployApiException>(() => DeployCommand.EachAsync(["web1", "web2"], json: false, name => OrderAsync(name, new NetDeployApiException("no", "yes", status))));
        Assert.Equal(["web1"], _orders);
    }

    [Theory]
    [InlineData("image")]
    [InlineData("installer")]
    public void The_help_names_each_method(string method) =>
        Assert.Contains(method, DeployCommand.Create().Options.Single(o => o.Name == "--method").Description, StringComparison.Ordinal);

    private Task OrderAsync(string name, Exception? refused)
    {
        _orders.Add(name);
        return refused is null ? Task.CompletedTask : Task.FromException(refused);
    }
}
