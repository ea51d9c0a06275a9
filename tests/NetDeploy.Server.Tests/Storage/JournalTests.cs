using System.Text;
using CsCheck;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

public sealed class JournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-journal-").FullName;

    private string JournalPath => Path.Combine(_folder, "journal");

    [Fact]
    public void What_is_appended_is_replayed_in_order()
    {
        using (var journal = Open(out _))
        {
            journal.Append(Records("one", "two"));
            journal.Append(Records("three", ""));
        }

        using var again = Open(out var records);
        Assert.Equal(["one", "two", "three", ""], records);
        Assert.Equal(0, again.TornBytes);
    }

    [Fact]
    public void A_tail_torn_at_any_byte_is_cut_and_all_before_it_kept()
    {
        long sound;
        using (var journal = Open(out _))
        {
            journal.Append(Records("first", "second"));
            sound = journal.Length;
            journal.Append(Records("a third, which the power cut tears", "and a fourth"));
        }

        var whole = File.ReadAllBytes(JournalPath);
        for (var length = sound; length < whole.Length; length++)
        {
            File.WriteAllBytes(JournalPath, whole[..(int)length]);
            using (var journal = Open(out var records))
            {
                Assert.Equal(["first", "second"], records);
                Assert.Equal(length - sound, journal.TornBytes);
                journal.Append(Records("after"));
            }

            using var again = Open(out var after);
            Assert.Equal(["first", "second", "after"], after);
        }
    }

    [Fact]
    public void A_tail_with_any_byte_changed_is_cut_too()
    {
        long sound;
        using (var journal = Open(out _))
        {
            journal.Append(Records("first"));
            sound = journal.Length;
            journal.Append(Records("the last batch"));
        }

        var whole = File.ReadAllBytes(JournalPath);
        for (var at = sound; at < whole.Length; at++)
        {
            var changed = whole.ToArray();
            changed[at] ^= 0x40;
            File.WriteAllBytes(JournalPath, changed);
            using var journal = Open(out var records);
            Assert.Equal(["first"], records);
        }
    }

    [Fact]
    public void A_damaged_middle_refuses_the_start_and_leaves_the_file()
    {
        long first;
        using (var journal = Open(out _))
        {
            journal.Append(Records("first"));
            first = journal.Length;
            journal.Append(Records("second"));
            journal.Append(Records("third"));
        }

        var whole = File.ReadAllBytes(JournalPath);
        for (var at = first; at < first + 12 + 4 + 6; at++)
        {
            var changed = whole.ToArray();
            changed[at] ^= 0x01;
            File.WriteAllBytes(JournalPath, changed);
            var error = Assert.Throws<JournalDamagedException>(() => Open(out _));
            Assert.Equal(first, error.At);
            Assert.Equal(changed, File.ReadAllBytes(JournalPath));
        }
    }

    [Fact]
    public void Random_files_are_cut_or_refused_and_never_throw_anything_else() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            var path = Path.Combine(_folder, Guid.NewGuid().ToString());
            File.WriteAllBytes(path, bytes);
            using var journal = Journal.Open(path, _ => { });
            Assert.Equal(bytes.Length, journal.TornBytes + journal.Length);
        }, iter: 200);

    [Fact]
    public void Compaction_leaves_what_it_was_given_and_goes_on()
    {
        using (var journal = Open(out _))
        {
            for (var i = 0; i < 100; i++)
            {
                journal.Append(Records("old"));
            }

            journal.Compact(Records("kept"));
            Assert.True(journal.Length < 100);
            journal.Append(Records("new"));
        }

        using var again = Open(out var records);
        Assert.Equal(["kept", "new"], records);
        Assert.False(File.Exists(JournalPath + ".new"));
    }

    [Fact]
    public void A_half_made_compaction_is_thrown_away()
    {
        using (var journal = Open(out _))
        {
            journal.Append(Records("kept"));
        }

        File.WriteAllText(JournalPath + ".new", "half");
        using var again = Open(out var records);
        Assert.Equal(["kept"], records);
        Assert.False(File.Exists(JournalPath + ".new"));
    }

    [Fact]
    public void A_second_process_is_refused()
    {
        using var journal = Open(out _);
        Assert.Throws<IOException>(() => Open(out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_full_disk_or_a_failed_sync_loses_that_batch_alone(bool full)
    {
        var storage = new FaultyStorage();
        using (var journal = Journal.Open("j", _ => { }, storage))
        {
            journal.Append(Records("before"));
            (storage.DiskFull, storage.SyncFails) = (full, !full);
            Assert.Throws<IOException>(() => journal.Append(Records("lost, and longer than the next one")));
            Assert.Throws<IOException>(() => journal.Append(Records("lost too")));
            (storage.DiskFull, storage.SyncFails) = (false, false);
            journal.Append(Records("after"));
        }

        var records = new List<string>();
        using var again = Journal.Open("j", r => records.Add(Encoding.UTF8.GetString(r)), storage);
        Assert.Equal(["before", "after"], records);
        Assert.Equal(0, again.TornBytes);
    }

    [Fact]
    public void After_a_compaction_whose_name_is_not_durable_nothing_is_acknowledged_until_it_is()
    {
        var storage = new FaultyStorage();
        using var journal = Journal.Open("j", _ => { }, storage);
        storage.NameSyncFails = true;
        Assert.Throws<IOException>(() => journal.Compact(Records("kept")));
        Assert.Throws<IOException>(() => journal.Append(Records("no")));
        storage.NameSyncFails = false;
        journal.Append(Records("yes"));
        Assert.Equal(["sync", "replace", "sync name", "sync name", "sync name", "write", "sync"], storage.Happened.SkipWhile(h => h != "sync"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Journal Open(out List<string> records)
    {
        var read = new List<string>();
        records = read;
        return Journal.Open(JournalPath, r => read.Add(Encoding.UTF8.GetString(r)));
    }

    private static List<ReadOnlyMemory<byte>> Records(params string[] texts) => [.. texts.Select(t => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(t))];
}
