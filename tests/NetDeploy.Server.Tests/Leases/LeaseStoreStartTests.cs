using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Leases;

public sealed class LeaseStoreStartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string JournalPath => _folder["leases.journal"];

    [Fact]
    public void A_damaged_journal_stops_the_start_with_the_command_that_keeps_what_is_sound()
    {
        using (var journal = Journal.Open(JournalPath, _ => { }))
        {
            journal.Append([new byte[] { 1 }]);
            journal.Append([new byte[] { 2 }]);
        }

        var bytes = File.ReadAllBytes(JournalPath);
        bytes[4] ^= 1;
        File.WriteAllBytes(JournalPath, bytes);

        var fault = Assert.Throws<ServerFault>(Open);
        Assert.Contains("one address to two machines", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"truncate --size=0 '{JournalPath}'", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_of_a_newer_version_stops_the_start()
    {
        using (var journal = Journal.Open(JournalPath, _ => { }))
        {
            journal.Append([new byte[] { 255 }]);
        }

        Assert.Contains("newer version", Assert.Throws<ServerFault>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_that_another_server_has_is_named()
    {
        using var first = Open();
        Assert.Contains("stop the other one", Assert.Throws<ServerFault>(Open).Remedy, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private LeaseStore Open() => LeaseStore.Open(JournalPath, TimeProvider.System, NullLogger<LeaseStore>.Instance);
}
