using System.Text.Json;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Tests.Secrets;

public sealed class SecretTests
{
    private static readonly Secret Secret = new("db", 3, "hunter2");

    [Fact]
    public void Its_text_is_three_stars_wherever_it_is_formatted()
    {
        Assert.Equal("***", Secret.ToString());
        Assert.Equal("x *** y", $"x {Secret} y");
        Assert.Equal("***", string.Format(System.Globalization.CultureInfo.InvariantCulture, "{0}", Secret));
    }

    [Fact]
    public void A_serializer_finds_nothing_in_it() =>
        Assert.Equal("{}", JsonSerializer.Serialize(Secret));

    [Fact]
    public void It_is_known_by_name_and_version_and_tells_its_value_when_asked()
    {
        Assert.Equal("secret db@3", Secret.Describe());
        Assert.Equal("hunter2", Secret.Reveal());
    }
}
