using NetDeploy.Core.Boot;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Server.Tests.BootFiles;

public sealed class LoaderListTests
{
    [Fact]
    public void The_committed_list_names_every_loader_of_the_boot_chains()
    {
        var entries = LoaderList.Load(SourceTree.BootFiles);

        Assert.Equal(
            ["bootnetx64.efi", "grubx64.efi", "ipxe.efi", "mmx64.efi", "snponly.efi", "undionly.kpxe"],
            entries.Select(e => e.Name).Order(StringComparer.Ordinal));
        Assert.All(entries, e => Assert.NotEmpty(e.Use));
        Assert.All(entries, e => Assert.True(LoaderChoice.IsLoader(e.Name), $"{e.Name} is fetched, and nobody would be served it"));
        Assert.Equal("debian-installer/amd64/grub", Assert.Single(entries, e => e.Prefix is not null).Prefix);
    }

    [Theory]
    [InlineData("", "lists no loader")]
    [InlineData("loaders: [{name: a, package: p, file: f}]", "loader 1 (a) has no licence")]
    [InlineData("loaders: [{name: a, package: p, file: f, licence: L, colour: red}]", "l.yaml:1")]
    [InlineData("loaders: [{name: a, package: p, file: f, licence: L},{name: a, package: p, file: g, licence: L}]", "lists a twice")]
    [InlineData("loaders: [{name: ../a, package: p, file: f, licence: L}]", "leads out of its folder")]
    [InlineData("loaders: [{name: a, package: p, file: x/../../f, licence: L}]", "leads out of its folder")]
    [InlineData("loaders: [{name: a, package: p, file: /etc/shadow, licence: L}]", "leads out of its folder")]
    [InlineData("loaders: {", "l.yaml:1")]
    public void A_wrong_list_is_refused_with_its_place(string yaml, string reason)
    {
        var e = Assert.Throws<BootFilesException>(() => LoaderList.Parse(yaml, "l.yaml"));

        Assert.Equal(BootFilesFault.Wrong, e.Fault);
        Assert.Contains(reason, e.Message);
    }
}
