using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Http;
using NetDeploy.Server.Boot;

namespace NetDeploy.Server.Tests.Boot;

public class KeyValueTextTests
{
    [Fact]
    public void Keys_repeat_values_hold_equals_signs_and_lines_without_a_key_are_nothing()
    {
        var pairs = KeyValueText.Parse("disk=a b=c\r\n disk = d \n\nnothing\n=x\nempty=\npercent=42\n"u8);
        Assert.Equal([new("disk", "a b=c"), new("disk", "d"), new("empty", ""), new("percent", "42")], pairs);
        Assert.Equal("a b=c", pairs.First("disk"));
        Assert.Null(pairs.First("absent"));
        Assert.Equal(42, pairs.Number("percent"));
        Assert.Null(pairs.Number("disk"));
        Assert.Null(pairs.Number("empty"));
    }

    [Theory]
    [InlineData("9999999999")]
    [InlineData("1e3")]
    [InlineData(" ")]
    [InlineData("0x10")]
    [InlineData("٣")]
    public void A_number_that_is_none_is_null(string text) =>
        Assert.Null(KeyValueText.Parse(Encoding.UTF8.GetBytes($"n={text}")).Number("n"));

    [Fact]
    public void No_bytes_make_it_throw() => Gen.Byte.Array[0, 2000].Sample(bytes =>
    {
        foreach (var (key, value) in KeyValueText.Parse(bytes))
        {
            Assert.NotEmpty(key);
            Assert.DoesNotContain('\n', key + value);
        }
    });

    [Theory]
    [InlineData(0)]
    [InlineData(99)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(40_000)]
    public async Task A_body_up_to_the_limit_comes_whole_and_a_longer_one_not_at_all(int length)
    {
        var body = Body(length);
        var read = await KeyValueText.BodyAsync(Request(body), 100, TestContext.Current.CancellationToken);
        Assert.Equal(length <= 100 ? body : null, read);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(300_000)]
    public async Task The_end_of_a_log_is_kept(int length)
    {
        var body = Body(length);
        Assert.Equal(body[Math.Max(0, length - 100)..], await KeyValueText.TailAsync(Request(body), 100, 1 << 20, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_log_that_never_ends_is_read_no_further_than_its_limit()
    {
        var stream = new MemoryStream(Body(2 << 20));
        await KeyValueText.TailAsync(new DefaultHttpContext { Request = { Body = stream } }.Request, 100, 1 << 20, TestContext.Current.CancellationToken);
        Assert.InRange(stream.Position, 1 << 20, (1 << 20) + (64 << 10));
    }

    private static byte[] Body(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];

    private static HttpRequest Request(byte[] body) => new DefaultHttpContext { Request = { Body = new MemoryStream(body) } }.Request;
}
