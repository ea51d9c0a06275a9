using NetDeploy.Server.Mirror;

namespace NetDeploy.Server.Tests.Mirror;

/// <summary>What goes for what comes: decided without a disk.</summary>
public sealed class MirrorRoomTests
{
    private const long Free = 1 << 20;

    [Fact]
    public void The_longest_unused_go_and_so_many_that_the_next_files_need_not_look()
    {
        var room = Full(files: 100);
        Assert.False(room.TryReserve("new", 10, Free, out var gone));
        // 10 that are wanted, and a thirty-second of 1000.
        Assert.Equal(["0", "1", "2", "3", "4"], gone.Select(g => g.Key));
        for (var n = 0; n < 5; n++)
        {
            Assert.True(room.TryReserve("new", 10, Free, out _));
        }

        Assert.Equal(1000, room.Bytes);
    }

    [Fact]
    public void What_is_read_or_pinned_stays()
    {
        var room = Full(files: 100);
        room.Pin(["0"], []);
        var held = room.Hold("1")!;
        Assert.False(room.TryReserve("new", 10, Free, out var gone));
        Assert.Equal(["2", "3", "4", "5", "6"], gone.Select(g => g.Key));
        room.Let(held);
        // Emptied by hand, also what is pinned goes.
        Assert.Equal(["0", "1", "7"], Enumerable.Range(0, 100).Select(n => $"{n}").Intersect(room.RemoveUnread().Select(g => g.Key)).Take(3));
        Assert.Equal(0, room.Bytes);
    }

    [Fact]
    public void Nothing_goes_for_what_does_not_fit_even_then()
    {
        var room = Full(files: 100);
        Assert.False(room.TryReserve("new", 1001, Free, out var gone));
        Assert.Empty(gone);
        Assert.False(room.TryReserve("new", 10, free: 5, out gone));
        Assert.NotEmpty(gone);
        var read = Full(files: 100);
        var held = Enumerable.Range(0, 100).Select(n => read.Hold($"{n}")).ToList();
        Assert.False(read.TryReserve("new", 10, Free, out gone));
        Assert.Empty(gone);
        Assert.Equal((1000, 100, 100), (read.Bytes, read.Count, held.Count));
    }

    [Fact]
    public void For_an_index_packages_go_and_then_the_generation_before_and_never_one_in_force()
    {
        var room = Full(files: 100);
        room.Pin(["new", .. Keys(0, 60)], [.. Keys(60, 70)]);
        Assert.False(room.TryReserve("new", 250, Free, out var gone));
        Assert.Equal(Keys(70, 99), gone.Select(g => g.Key));
        Assert.True(room.TryReserve("new", 250, Free, out _));
        Assert.False(room.TryReserve("new", 100, Free, out gone));
        Assert.Equal(["99", .. Keys(60, 69)], gone.Select(g => g.Key));
        Assert.True(room.TryReserve("new", 100, Free, out _));
        Assert.False(room.TryReserve("new", 100, Free, out gone));
        Assert.Empty(gone);
        Assert.Equal((600L, 1000L), room.Share(Free));
    }

    [Theory]
    [InlineData(1 << 20, 50)]
    [InlineData(-200, 40)]
    public void Indexes_leave_half_the_room_to_packages_those_in_force_stay_longest(long free, int kept)
    {
        var room = Full(files: 100);
        // The ones before were used last: they go all the same.
        room.Pin([.. Keys(0, 80)], [.. Keys(80, 100)]);
        for (var n = 0; n < 200; n++)
        {
            while (!room.TryReserve("new", 10, free < 0 ? 800 - room.Bytes : free, out var gone))
            {
                Assert.NotEmpty(gone);
            }

            room.Replace(new KeptFile(Entry($"package {n}", 10), DateTimeOffset.UnixEpoch.AddSeconds(200 + n)));
        }

        var left = Enumerable.Range(0, 100).Where(n => room.Find($"{n}") is not null).ToList();
        Assert.True(left.Count <= kept, $"{left.Count} indexes");
        Assert.All(left, n => Assert.InRange(n, 80 - kept, 79));
        Assert.True(room.Count - left.Count >= 30, $"{room.Count - left.Count} packages");
    }

    [Fact]
    public void A_file_that_came_back_is_not_removed_for_the_one_before_it()
    {
        var room = Full(files: 1);
        var before = room.Hold("0")!;
        Assert.True(room.TryReserve("new", 20, Free, out _));
        room.Replace(new KeptFile(Entry("0", 20), DateTimeOffset.UnixEpoch));
        Assert.False(room.Holds(before));
        Assert.False(room.Remove(before));
        Assert.Equal((20, 1), (room.Bytes, room.Count));
    }

    /// <summary>Files of 10 bytes, the first one the longest unused, in a room for 1000.</summary>
    private static MirrorRoom Full(int files)
    {
        var room = new MirrorRoom(maxSize: 1000, reserved: 0);
        for (var n = 0; n < files; n++)
        {
            room.Add(Entry($"{n}", 10), DateTimeOffset.UnixEpoch.AddSeconds(n));
        }

        return room;
    }

    private static IEnumerable<string> Keys(int from, int to) => Enumerable.Range(from, to - from).Select(n => $"{n}");

    private static MirrorEntry Entry(string key, long length) => new(key, "", length, Validators.None, 0, Confirmed: true);
}
