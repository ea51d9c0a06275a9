using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using NetDeploy.Core.Targets.Plans;
using NetDeploy.Core.Tests.Profiles;
using Group = NetDeploy.Core.Targets.Plans.Group;

namespace NetDeploy.Core.Tests.Targets;

/// <summary>What a shell makes of a rendered plan is exactly its typed steps.</summary>
public sealed partial class PlanTextTests
{
    [Theory]
    [InlineData("/bin/sh")]
    [InlineData("/bin/busybox", "sh")]
    public void A_shell_that_sources_the_plan_calls_the_steps_with_their_arguments(string shell, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(shell) || File.Exists("/usr" + shell), $"needs {shell}");
        var text = Gen.Char["'\"\\$`!*?{}()<>|&;#~= \t\n\r^-abcäß"].Array[0, 30].Select(c => new string(c));

        Gen.Select(text, text, text, text).Sample(
            (a, b, c, d) =>
            {
                var plan = new Plan([new TextFile(a, "0644", b, c), new Script(b, d), new Service(a, 0), new AuthorizedKeys(c, [a, b, d]), new Finish()]);
                var expected = plan.Steps.SelectMany(s => s.Arguments.Select(x => x.Reveal()).Prepend(s.Name).Append("end"));

                Assert.Equal(expected, Source(shell, arguments, plan).Split('\0')[..^1]);
            },
            iter: 25,
            threads: 1);
    }

    [Fact]
    public void Every_step_of_the_protocol_has_its_record_with_as_many_arguments()
    {
        var protocol = File.ReadAllText(Path.Combine(ShippedFiles.Root, "bootfiles", "deploy", "PROTOCOL.md"));
        var documented = StepRow().Matches(protocol).ToDictionary(m => m.Groups[1].Value, m => Choice().Replace(m.Groups[2].Value, "WORD").Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        PlanStep[] steps =
        [
            new PlanHeader("d", "m"), new SelectDisk("d", new()), new Claim(), new Wipe("d"), new Partition("d", 1, 1, 0), new PartitionTable("d"),
            new VolumeGroup("v", ["disk:d:1"]), new LogicalVolume("v", "l", 1), new Filesystem("d", "t", "l"), new Mount("d", "/", ""), new Unpack("s", 1),
            new TextFile("p", "m", "o", "c"), new Link("p", "t"), new Group("g", null), new User("u", null, "", "", "", []), new AuthorizedKeys("u", []),
            new Service("s", 0), new HostKeys([]), new BootLoader(["d"], []), new Script("s", "c"), new FirstBoot("u", "t"), new Finish(),
            new SelectDisks(new("d", 2), new()), new DiskSize("d", 1), new NeedsTpm(), new NeedsTang("u"), new RaidArray("a", 0, ["disk:d:1"]), new Luks("m", "d", ""),
            new Subvolume("d", "p"), new Unlock("m", 0, ""), new Initramfs(), new EspCopy("d"),
            new RequireSecureBootOff("r"),
        ];

        Assert.Equal(documented.Keys.Order(StringComparer.Ordinal), steps.Select(s => s.Name).Order(StringComparer.Ordinal));
        Assert.All(steps, s => Assert.Equal(documented[s.Name], s.Arguments.Length));
        var types = typeof(PlanStep).Assembly.GetTypes().Count(t => t.BaseType == typeof(PlanStep));
        Assert.Equal(types, steps.Length);
    }

    [GeneratedRegex(@"^\| `(step_[a-z_]+)` \| ([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex StepRow();

    /// <summary>Words to choose from are one argument.</summary>
    [GeneratedRegex("`[^`]*`(, `[^`]*`)* or `[^`]*`")]
    private static partial Regex Choice();

    private static string Source(string shell, string[] arguments, Plan plan)
    {
        var script = new StringBuilder();
        foreach (var name in plan.Steps.Select(s => s.Name).Distinct())
        {
            script.Append(name).Append(" () { printf '%s\\000' ").Append(name).Append(" \"$@\" end; }\n");
        }

        script.Append(plan.Render().Value!.Reveal());
        using var process = Process.Start(new ProcessStartInfo(shell, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(script.ToString());
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), "the shell did not end");
        return output.Result;
    }
}
