using NetDeploy.Cli.Commands;
using NetDeploy.Client;

namespace NetDeploy.Cli.Tests.Commands;

public sealed class MirrorCommandTests
{
    [Fact]
    public void A_mirror_is_one_line_with_its_rate_and_its_trouble()
    {
        var mirror = new MirrorView("debian", "http://m.example/debian", 12, 300L << 20, 20L << 30, 0, 0, 0, 0, 0, 0);
        Assert.Equal("debian  http://m.example/debian  300 of 20480 MiB in 12 files, nothing asked yet", MirrorCommand.Line(mirror));
        Assert.EndsWith("75 % of 8 answers from the cache, 2 stale, 1 failures", MirrorCommand.Line(mirror with { Hits = 4, Misses = 2, Stale = 2, Failures = 1 }), StringComparison.Ordinal);
        Assert.EndsWith(
            "nothing asked yet, 3 not kept for want of room; mirror debian keeps nothing. Free room.",
            MirrorCommand.Line(mirror with { Unkept = 3, Shortage = "mirror debian keeps nothing. Free room." }), StringComparison.Ordinal);
        Assert.Equal("debian  http://m.example/debian  serves nothing: the disk fails. Look after it.", MirrorCommand.Line(mirror with { Fault = "the disk fails. Look after it." }));
    }
}
