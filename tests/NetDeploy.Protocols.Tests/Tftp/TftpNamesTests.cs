using System.Text;
using CsCheck;
using NetDeploy.Protocols.Tftp;

namespace NetDeploy.Protocols.Tests.Tftp;

public sealed class TftpNamesTests
{
    [Theory]
    [InlineData("grubx64.efi", "grubx64.efi")]
    [InlineData("/grubx64.efi", "grubx64.efi")]
    [InlineData("//grubx64.efi", "grubx64.efi")]
    [InlineData(@"\EFI\debian\grubx64.efi", "EFI/debian/grubx64.efi")]
    [InlineData(@"EFI\\debian//.\grubx64.efi", "EFI/debian/grubx64.efi")]
    [InlineData("a/../b", "a/../b")]
    [InlineData("./a/", "a")]
    public void Firmware_names_are_one_path(string name, string expected)
    {
        Assert.True(TftpFileName.TryNormalise(name, out var path));
        Assert.Equal(expected, path);
    }

    [Theory]
    [InlineData("/")]
    [InlineData(@"\.\")]
    [InlineData("a\nb")]
    [InlineData("a\u007f")]
    public void A_name_that_no_file_has_is_refused(string name) => Assert.False(TftpFileName.TryNormalise(name, out _));

    [Fact]
    public void A_name_longer_than_any_path_is_refused() => Assert.False(TftpFileName.TryNormalise(new string('a', 1025), out _));

    [Fact]
    public void A_normal_path_stays_as_it_is()
    {
        Gen.Int[0, 4].Select(i => "a/\\.b"[i]).Array[1, 30].Select(chars => new string(chars)).Sample(name =>
        {
            if (TftpFileName.TryNormalise(name, out var path))
            {
                Assert.True(TftpFileName.TryNormalise(path, out var again));
                Assert.Equal(path, again);
                Assert.DoesNotContain("//", path, StringComparison.Ordinal);
                Assert.False(path.StartsWith('/'));
            }
        });
    }

    [Theory]
    [InlineData("a\nb\n", "a\r\nb\r\n")]
    [InlineData("a\rb", "a\r\0b")]
    [InlineData("a\r\n", "a\r\0\r\n")]
    [InlineData("", "")]
    public void Netascii_ends_its_lines_with_both(string text, string expected) =>
        Assert.Equal(expected, Encoding.Latin1.GetString(Netascii.Encode(Encoding.Latin1.GetBytes(text))));
}
