using System.CommandLine;
using NetDeploy.Cli.Commands;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class JsonOptionTests
{
    private static readonly Command[] Verbs =
    [
        ApplyCommand.Create(), MachinesCommand.Create(), ShowCommand.Create(), DeployCommand.Create(), ReplaceCommand.Create(),
        ReleaseCommand.Create(), CancelCommand.Create(), .. ImagesCommand.Create().Subcommands, .. SecretCommand.Create().Subcommands,
        .. LabCommand.Create().Subcommands.Where(c => !c.Hidden), .. BootFilesCommand.Create().Subcommands,
    ];

    public static TheoryData<string> Names => [.. Verbs.Select(v => v.Name).Distinct()];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_verb_that_answers_on_standard_output_answers_programs_too(string name) =>
        Assert.All(Verbs.Where(v => v.Name == name), v => Assert.Contains(v.Options, o => o.Name == "--json"));
}
