using Microsoft.Extensions.Time.Testing;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>A neighbour that forges netbooting MACs.</summary>
public sealed class BootWatchTests
{
    private static readonly MacAddress ByMac = MacAddress.Parse("52:54:00:00:00:01");
    private static readonly MacAddress BySlot = MacAddress.Parse("52:54:00:00:00:02");
    private const string Slot = "bb/aa";

    private readonly BootWatch _watch = new(new FakeTimeProvider(), (mac, slot) => mac == ByMac || slot == Slot);

    [Fact]
    public void Forged_macs_do_not_push_a_declared_machine_out_and_stay_bounded()
    {
        _watch.Asked(ByMac, null);
        _watch.Asked(BySlot, Slot);
        _watch.Asked(Forged(0), "other/slot");
        var marks = (_watch.Mark(ByMac), _watch.Mark(BySlot));
        for (var i = 1; i <= 3 * BootWatch.Bound; i++)
        {
            _watch.Asked(Forged(i), null);
        }

        Assert.Equal(marks, (_watch.Mark(ByMac), _watch.Mark(BySlot)));
        Assert.Equal(Slot, _watch.Slot(BySlot));
        Assert.Null(_watch.Mark(Forged(0)));
        Assert.Null(_watch.Slot(Forged(0)));
        Assert.Equal(BootWatch.Bound, _watch.Count);
    }

    [Fact]
    public void Forged_macs_through_a_declared_slot_are_strangers_but_for_the_last()
    {
        for (var i = 0; i <= 2 * BootWatch.Bound; i++)
        {
            _watch.Asked(Forged(i), Slot);
        }

        Assert.Equal(BootWatch.Bound, _watch.Count);
        Assert.Equal(Slot, _watch.Slot(Forged(2 * BootWatch.Bound)));
        Assert.Null(_watch.Slot(Forged((2 * BootWatch.Bound) - 1)));
    }

    [Fact]
    public void Where_all_are_declared_all_stay()
    {
        var watch = new BootWatch(new FakeTimeProvider(), (_, _) => true);
        for (var i = 0; i <= BootWatch.Bound; i++)
        {
            watch.Asked(Forged(i), null);
        }

        Assert.NotNull(watch.Mark(Forged(0)));
        Assert.NotNull(watch.Mark(Forged(BootWatch.Bound)));
    }

    private static MacAddress Forged(int i) => new([2, 0, 0, (byte)(i >> 16), (byte)(i >> 8), (byte)i]);
}
