using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class LabStateTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        var folder = Directory.CreateTempSubdirectory("ndt-");
        var file = Path.Combine(folder.FullName, "lab.json");
        try
        {
            var blade = BladeHardware.Make(1, BladeFirmware.UefiHttp, BladeDisk.Nvme, BladeNic.E1000e);
            var state = new LabState(
                "ndt-x", "10.77.0.1", "tcg", new ProcessIdentity(4711, 99),
                [new("server", new ProcessIdentity(4712, 100), null), new("worker", null, 3)],
                [new(blade, true, 1_700_000_000_000, new ProcessIdentity(4713, 101), "/logs/blade-1.console.log")]);

            state.Write(file);
            var read = LabState.Read(file)!;

            Assert.Equal(state with { Children = [], Blades = [] }, read with { Children = [], Blades = [] });
            Assert.Equal(state.Children.AsEnumerable(), read.Children);
            Assert.Equal(state.Blades.AsEnumerable(), read.Blades);
            Assert.Contains("\"uefi-http\"", File.ReadAllText(file), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"network\":")]
    public void A_torn_file_is_no_state(string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            Assert.Null(LabState.Read(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_process_is_known_by_its_start_and_not_by_its_number_alone()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!;

        Assert.True(self.IsAlive);
        Assert.False((self with { StartTicks = self.StartTicks - 1 }).IsAlive);
        Assert.Null(ProcessIdentity.Of(int.MaxValue));
    }

    [Fact]
    public async Task A_stale_identity_is_never_signalled()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!;

        Assert.False(await (self with { StartTicks = self.StartTicks - 1 }).EndAsync(TimeSpan.Zero, TestContext.Current.CancellationToken));
    }
}
