using NetDeploy.Cli.Commands;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class NameTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("..")]
    public void What_can_be_no_machines_name_is_wrong_use_with_a_remedy(string name)
    {
        Assert.Contains("netdeploy machines", Assert.Single(ShowCommand.Create().Parse([name]).Errors).Message, StringComparison.Ordinal);
        Assert.Contains("netdeploy machines", Assert.Single(DeployCommand.Create().Parse(["blade1", name]).Errors).Message, StringComparison.Ordinal);
        Assert.Empty(DeployCommand.Create().Parse(["blade1", "blade2"]).Errors);
    }

    [Fact]
    public void A_machine_that_is_named_twice_is_wrong_use() =>
        Assert.Contains("'blade1' is named twice", Assert.Single(DeployCommand.Create().Parse(["blade1", "blade2", "blade1"]).Errors).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("0s", 0)]
    [InlineData("30s", 30)]
    [InlineData("3600s", 3600)]
    public void A_pause_has_its_unit(string text, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), DeployCommand.Seconds(text));

    [Theory]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("10ss")]
    [InlineData("-1s")]
    [InlineData("3601s")]
    public void A_pause_without_a_unit_or_out_of_range_is_wrong_use(string text) =>
        Assert.Equal(Invocation.WrongUse, Assert.Throws<UserFault>(() => DeployCommand.Seconds(text)).ExitCode);

    [Theory]
    [InlineData(0, "0 documents")]
    [InlineData(1, "1 document")]
    [InlineData(3, "3 documents")]
    public void A_number_goes_with_its_noun(int number, string text) => Assert.Equal(text, Output.Counted(number, "document"));
}
