using System.Text.RegularExpressions;

namespace NetDeploy.Server.Tests.BootFiles;

public sealed partial class ShellSourcesTests
{
    [Theory]
    [InlineData("debian-packages")]
    [InlineData("build-deploy-environment")]
    [InlineData("build-installer")]
    [InlineData("installer/installer")]
    [InlineData("installer/hooks/60netdeploy")]
    [InlineData("installer/hooks/94znetdeploy")]
    [InlineData("installer/hooks/96netdeploy")]
    [InlineData("deploy/init")]
    [InlineData("deploy/udhcpc")]
    [InlineData("deploy/first-boot/netdeploy-first-boot")]
    [InlineData("deploy/esp-copies/netdeploy-esp-copies")]
    public async Task Shellcheck_finds_nothing(string script)
    {
        Assert.SkipUnless(SourceTree.Tool("shellcheck") is not null, "needs shellcheck");
        var path = Path.Combine(SourceTree.BootFiles, script);

        var result = await ShellRun.Async("shellcheck", ["-x", Path.GetFileName(path)], Path.GetDirectoryName(path));

        Assert.Equal("", result.Output + result.Error);
    }

    [Fact]
    public void No_shell_of_the_environment_evaluates_text() =>
        Assert.All(
            Directory.GetFiles(Path.Combine(SourceTree.BootFiles, "deploy/lib")),
            f => Assert.DoesNotMatch(Eval(), File.ReadAllText(f)));

    [Fact]
    public void The_steps_of_the_contract_are_the_steps_of_the_environment()
    {
        var told = Row().Matches(File.ReadAllText(Path.Combine(SourceTree.BootFiles, "deploy/PROTOCOL.md"))).Select(m => m.Groups[1].Value);
        var library = string.Concat(Directory.GetFiles(Path.Combine(SourceTree.BootFiles, "deploy/lib")).Select(File.ReadAllText));
        var made = Function().Matches(library).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal).ToArray();
        var listed = List().Match(library).Groups[1].Value.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(told.Order(StringComparer.Ordinal), made);
        Assert.Equal(made, listed.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\beval\b")]
    private static partial Regex Eval();

    [GeneratedRegex(@"^\| `(step_[a-z_]+)`", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^(step_[a-z_]+)\(\)", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex(@"STEPS='([^']*)'")]
    private static partial Regex List();
}
