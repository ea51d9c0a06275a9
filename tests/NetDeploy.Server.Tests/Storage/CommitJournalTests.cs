using System.Text;
using CsCheck;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

public sealed class CommitJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["j"];

    public void Dispose() => _folder.Dispose();

    private byte[] Write(params string[] records)
    {
        File.Delete(Path);
        using (var journal = CommitJournal.Open(Path, out _))
        {
            foreach (var record in records)
            {
                journal.Append(Encoding.UTF8.GetBytes(record));
            }
        }

        return File.ReadAllBytes(Path);
    }

    private List<string> Read()
    {
        using var journal = CommitJournal.Open(Path, out var payloads);
        return [.. payloads.Select(p => Encoding.UTF8.GetString(p))];
    }

    [Fact]
    public void Every_torn_tail_is_cut_and_what_was_whole_stays()
    {
        var bytes = Write("first", "second", "third");
        var two = Write("first", "second").Length;
        var one = Write("first").Length;
        for (var length = 0; length <= bytes.Length; length++)
        {
            File.WriteAllBytes(Path, bytes[..length]);
            string[] expected = length == bytes.Length ? ["first", "second", "third"] : length >= two ? ["first", "second"] : length >= one ? ["first"] : [];
            Assert.Equal(expected, Read());
            Assert.Equal(expected, Read());
        }
    }

    [Fact]
    public void A_record_after_a_cut_tail_is_read_back()
    {
        var bytes = Write("first", "second");
        File.WriteAllBytes(Path, bytes[..^3]);
        using (var journal = CommitJournal.Open(Path, out _))
        {
            journal.Append("new"u8.ToArray());
        }

        Assert.Equal(["first", "new"], Read());
    }

    [Fact]
    public void Any_damage_before_a_whole_record_stops_the_start()
    {
        var bytes = Write("first", "second", "third");
        var last = bytes.Length - Write("third").Length;
        Gen.Select(Gen.Int[0, last - 1], Gen.Byte[1, 255]).Sample((at, flip) =>
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= flip;
            File.WriteAllBytes(Path, damaged);
            var stopped = Assert.Throws<StoreException>(() => CommitJournal.Open(Path, out _));
            Assert.Contains("Restore the data folder", stopped.Remedy, StringComparison.Ordinal);
        }, threads: 1, iter: 300);
    }

    [Fact]
    public void A_cleared_journal_is_empty()
    {
        Write("first");
        using (var journal = CommitJournal.Open(Path, out _))
        {
            journal.Clear();
            journal.Append("second"u8.ToArray());
        }

        Assert.Equal(["second"], Read());
    }

    [Fact]
    public void A_journal_that_cannot_be_written_is_not_said_to_be_another_servers()
    {
        Directory.CreateDirectory(Path);
        var remedy = Assert.Throws<StoreException>(() => CommitJournal.Open(Path, out _)).Remedy;
        Assert.DoesNotContain("other one", remedy, StringComparison.Ordinal);
        Assert.Contains("can be written", remedy, StringComparison.Ordinal);
    }
}
