using NetDeploy.Cli.Commands;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class ConfirmationTests
{
    private readonly List<string?> _orders = [];

    [Fact]
    public async Task What_the_server_takes_is_not_asked_for()
    {
        using var person = new StringReader("never read");
        Assert.Equal("done", await Confirmation.OrderAsync("web1", false, "Gone.", person, Take));
        Assert.Equal([null], _orders);
        Assert.Equal("never read", await person.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_the_server_wants_confirmed_is_asked_for_and_ordered_again()
    {
        using var person = new StringReader(" web1 \n");
        Assert.Equal("done", await Confirmation.OrderAsync("web1", false, "Gone.", person, WantName));
        Assert.Equal([null, "web1"], _orders);
    }

    [Theory]
    [InlineData("web2\n")]
    [InlineData("")]
    public async Task Another_name_does_nothing(string typed)
    {
        using var person = new StringReader(typed);
        await Assert.ThrowsAsync<UserFault>(() => Confirmation.OrderAsync("web1", false, "Gone.", person, WantName));
        Assert.Equal([null], _orders);
    }

    [Fact]
    public async Task Where_nobody_can_type_the_refusal_stands()
    {
        await Assert.ThrowsAsync<NetDeployApiException>(() => Confirmation.OrderAsync("web1", false, "Gone.", null, WantName));
        Assert.Equal([null], _orders);
    }

    [Fact]
    public async Task Yes_confirms_at_once()
    {
        Assert.Equal("done", await Confirmation.OrderAsync("web1", true, "Gone.", null, WantName));
        Assert.Equal(["web1"], _orders);
    }

    [Fact]
    public async Task Another_refusal_is_not_asked_about()
    {
        using var person = new StringReader("web1\n");
        await Assert.ThrowsAsync<NetDeployApiException>(() => Confirmation.OrderAsync<string>(
            "web1", false, "Gone.", person, _ => throw new NetDeployApiException("web1 is protected.", status: 409)));
    }

    private Task<string> Take(string? confirm)
    {
        _orders.Add(confirm);
        return Task.FromResult("done");
    }

    private Task<string> WantName(string? confirm)
    {
        _orders.Add(confirm);
        return confirm == "web1" ? Task.FromResult("done") : throw new NetDeployApiException("web1 holds an installed system.", status: 409, confirm: "web1");
    }
}
