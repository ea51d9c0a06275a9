using System.Net;
using System.Text.RegularExpressions;
using CsCheck;
using NetDeploy.Core.Enrolment;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Enrolment;

public sealed partial class NamePatternTests
{
    private static readonly Newcomer Blade = new(MacAddress.Parse("52:54:00:AA:00:01"))
    {
        Relay = IPAddress.Parse("10.77.0.2"),
        CircuitId = Hex("Gi1/0/7"),
        RemoteId = "0001fe",
        Smbios = Smbios.Of("Dell", "R640", "ABC 12-34"),
    };

    [Theory]
    [InlineData("blade-{n}", "blade-1")]
    [InlineData("b{mac}", "b525400aa0001")]
    [InlineData("{serial}", "abc-12-34")]
    [InlineData("r{relay}-s{circuit}", "r10-77-0-2-sgi1-0-7")]
    [InlineData("s{remote}", "s0001fe")]
    public void Placeholders_are_filled(string pattern, string name) => Assert.Equal((name, null), new NamePattern(pattern).Name(Blade, _ => false, 10));

    [Theory]
    [InlineData("{N}")]
    [InlineData("{hostname}")]
    [InlineData("blade-{n")]
    [InlineData("blade_{n}")]
    [InlineData("Blade-{n}")]
    [InlineData("blade {n}")]
    [InlineData("")]
    public void Other_patterns_are_refused(string pattern) => Assert.NotNull(NamePattern.Fault(pattern));

    [Fact]
    public void The_smallest_free_number_is_taken_up_to_a_bound()
    {
        string[] taken = ["blade-1", "blade-3"];
        Assert.Equal("blade-2", new NamePattern("blade-{n}").Name(Blade, taken.Contains, 10).Name);
        Assert.Equal("the first 10 names of blade-{n} are taken", new NamePattern("blade-{n}").Name(Blade, _ => true, 10).Reason);
        Assert.Equal("its name would be abc-12-34, which another machine has", new NamePattern("{serial}").Name(Blade, _ => true, 10).Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("///")]
    [InlineData("../..")]
    [InlineData("\u00e9\u4e2d")]
    public void What_tells_nothing_makes_no_name(string serial)
    {
        var (name, reason) = new NamePattern("{serial}").Name(Blade with { Smbios = Smbios.Of("", "", serial) }, _ => false, 10);
        Assert.Null(name);
        Assert.Contains("told nothing", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_longer_than_a_label_is_none()
    {
        var (name, reason) = new NamePattern("{serial}{serial}").Name(Blade with { Smbios = Smbios.Of("", "", new string('x', 60)) }, _ => false, 10);
        Assert.Null(name);
        Assert.Contains("no host name", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_sent_a_name_is_a_host_name_or_none() =>
        Gen.Select(Gen.String, Gen.Byte.Array[0, 255], Gen.Byte.Array[0, 40]).Sample((serial, circuit, remote) =>
        {
            var newcomer = Blade with { Smbios = Smbios.Of(serial, serial, serial), CircuitId = Convert.ToHexStringLower(circuit), RemoteId = Convert.ToHexStringLower(remote) };
            foreach (var pattern in (string[])["{serial}", "a{circuit}", "{remote}-{n}", "{serial}-{circuit}"])
            {
                var (name, reason) = new NamePattern(pattern).Name(newcomer, _ => false, 10);
                Assert.True(name is null ? reason!.Length > 0 && !reason.Any(char.IsControl) : HostName().IsMatch(name), $"{pattern}: {name}");
            }
        });

    [Fact]
    public void What_SMBIOS_says_is_cut_to_printable_ASCII()
    {
        var told = Smbios.Of("De\nll\u0000 \u00e9", new string('x', 500), null);
        Assert.Equal("De?ll? ?", told.Vendor);
        Assert.Equal(Smbios.MaxLength, told.Product.Length);
        Assert.Equal("", told.Serial);
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("?", "", false)]
    [InlineData("a*c", "abcbc", true)]
    [InlineData("a*d", "abcbc", false)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("A?", "ab", true)]
    [InlineData("[a]", "a", false)]
    public void Globs_know_a_star_and_a_question_mark(string pattern, string text, bool fits) => Assert.Equal(fits, Glob.Fits(pattern, text));

    [Fact]
    public void A_hostile_glob_ends()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.False(Glob.Fits(string.Concat(Enumerable.Repeat("*a", 60)) + "b", new string('a', 5000)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"{clock.Elapsed}");
    }

    private static string Hex(string text) => Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(text));

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex HostName();
}
