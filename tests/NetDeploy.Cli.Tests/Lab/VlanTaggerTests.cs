using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class VlanTaggerTests
{
    /// <summary>Two addresses, the type IPv4, and two bytes.</summary>
    private static readonly byte[] Frame = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 0x45, 0x00];

    [Fact]
    public void A_tag_goes_between_addresses_and_type_and_comes_off_again()
    {
        var tagged = VlanTagger.Tag(Frame, 20)!;

        Assert.Equal([.. Frame[..12], 0x81, 0x00, 0x00, 20, .. Frame[12..]], tagged);
        Assert.Equal(Frame, VlanTagger.Untag(tagged, 20));
    }

    [Fact]
    public void Other_tags_none_and_no_frames_are_dropped()
    {
        Assert.Null(VlanTagger.Untag(VlanTagger.Tag(Frame, 21)!, 20));
        Assert.Null(VlanTagger.Untag(Frame, 20));
        Assert.Null(VlanTagger.Tag(Frame.AsSpan(0, 13), 20));
        for (var length = 0; length < 18; length++)
        {
            Assert.Null(VlanTagger.Untag(VlanTagger.Tag(Frame, 20).AsSpan(0, length), 20));
        }

        // Priority is no part of the number.
        var urgent = VlanTagger.Tag(Frame, 20)!;
        urgent[14] |= 0xE0;
        Assert.Equal(Frame, VlanTagger.Untag(urgent, 20));
    }
}
