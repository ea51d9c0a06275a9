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

    [Theory]
    [InlineData(0, "0 documents")]
    [InlineData(1, "1 document")]
    [InlineData(3, "3 documents")]
    public void A_number_goes_with_its_noun(int number, string text) => Assert.Equal(text, Output.Counted(number, "document"));
}
