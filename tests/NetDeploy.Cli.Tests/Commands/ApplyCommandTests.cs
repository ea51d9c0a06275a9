using NetDeploy.Cli.Commands;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class ApplyCommandTests
{
    [Theory]
    [InlineData(true, "Removed Machine web1 (rack/web1.yaml).")]
    [InlineData(false, "Would remove Machine web1 (rack/web1.yaml).")]
    public void What_a_prune_takes_away_is_named_and_a_check_says_that_it_would(bool applied, string line) =>
        Assert.Equal([line], ApplyCommand.Removed(new ApplyResult(applied, 1, 0, [], 1, null, [new RemovedDocument("Machine", "web1", "rack/web1.yaml")])));

    [Fact]
    public void Its_help_says_that_machines_which_cannot_be_granted_do_not_fail_it() =>
        Assert.Contains("the exit code is 0, also where a machine of theirs cannot be granted", ApplyCommand.Create().Description, StringComparison.Ordinal);
}
