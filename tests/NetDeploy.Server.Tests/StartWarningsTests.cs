using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests;

public sealed class StartWarningsTests
{
    [Fact]
    public async Task What_start_up_logs_as_a_warning_is_in_the_list_and_later_ones_are_not()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["leases.journal"], "torn", TestContext.Current.CancellationToken);
        var warnings = new StartWarnings(NullLoggerFactory.Instance);
        LeaseStore.Open(folder["leases.journal"], TimeProvider.System, warnings.CreateLogger<LeaseStore>()).Dispose();
        Assert.Contains("unfinished last write", Assert.Single(warnings.Texts), StringComparison.Ordinal);

        warnings.Started();
        await File.AppendAllTextAsync(folder["leases.journal"], "torn", TestContext.Current.CancellationToken);
        LeaseStore.Open(folder["leases.journal"], TimeProvider.System, warnings.CreateLogger<LeaseStore>()).Dispose();
        Assert.Single(warnings.Texts);
        warnings.Add("no worker");
        Assert.Equal(2, warnings.Texts.Count);
    }

    [Fact]
    public void The_list_is_bounded_and_says_nothing_twice()
    {
        var warnings = new StartWarnings(NullLoggerFactory.Instance);
        for (var i = 0; i < StartWarnings.Bound * 2; i++)
        {
            warnings.Add($"{i / 2}");
            warnings.Add($"{i}");
        }

        Assert.Equal(StartWarnings.Bound, warnings.Texts.Count);
        Assert.Equal(warnings.Texts.Count, warnings.Texts.Distinct().Count());
    }
}
