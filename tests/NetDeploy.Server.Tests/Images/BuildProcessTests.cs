using NetDeploy.Server.Images;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Tests.Images;

public sealed class BuildProcessTests
{
    private static readonly WorkerIdentity Self = new("self", Posix.EffectiveUserId, Posix.EffectiveGroupId, Drops: false);
    private static readonly Dictionary<string, string> Environment = new() { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["ONLY"] = "this" };

    [Fact]
    public async Task A_command_runs_in_a_group_of_its_own_with_the_given_environment_alone()
    {
        using var process = await BuildProcess.StartAsync(Self, ["sh", "-c", "ps -o pgid= -p $$ | tr -d ' '; echo $$; env | grep -c SECRET; echo $ONLY; exit 3"], "/", Environment);
        using var reader = new StreamReader(process.Output);
        var lines = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n');
        Assert.Equal(lines[1], lines[0]);
        Assert.Equal(["0", "this"], lines[2..4]);
        Assert.Equal(3, await process.Exit);
    }

    [Fact]
    public async Task Killing_it_kills_what_it_started()
    {
        var mark = $"{600000 + Random.Shared.Next(100000)}";
        var process = await BuildProcess.StartAsync(Self, ["sh", "-c", $"sleep {mark} & sleep {mark} & echo ready; wait"], "/", Environment);
        using var reader = new StreamReader(process.Output);
        Assert.Equal("ready", await reader.ReadLineAsync(TestContext.Current.CancellationToken));

        // A shell says "ready" before its forked children have become sleep.
        Assert.Equal(2, await SleepersAsync(2));
        process.Dispose();
        Assert.Equal(0, await SleepersAsync(0));
        Assert.Equal(137, await process.Exit);

        async Task<int> SleepersAsync(int awaited)
        {
            int Count() => RealBuild.ProcessesBelow($"sleep\0{mark}").Length;
            for (var wait = 0; wait < 100 && Count() != awaited; wait++)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            return Count();
        }
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_an_exit_status()
    {
        using var process = await BuildProcess.StartAsync(Self, ["no-such-command-here"], "/", Environment);
        Assert.Equal(127, await process.Exit);
    }
}
