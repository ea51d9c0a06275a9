using System.Security.Cryptography;
using System.Text;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Server.Tests.BootFiles;

public sealed class InstallerShelfTests : IDisposable
{
    private const string Build = "0123456789abcdef";

    private readonly Scratch scratch = new();

    [Fact]
    public void A_whole_build_gives_its_files_and_where_its_components_come_from()
    {
        Fill(scratch, components: "trixie-own");

        var files = new InstallerShelf(scratch.Path).Current("debian-13")!;

        Assert.Equal((Build, "trixie", "trixie-own"), (files.BuildId, files.Suite, files.ComponentsSuite));
        Assert.Equal("a linux", File.ReadAllText(files.File("linux")!.Path));
        Assert.Null(files.File("manifest"));
        Assert.Null(files.File("../manifest"));
    }

    [Theory]
    [InlineData("linux", "a lINux")]
    [InlineData("initrd.gz", "short")]
    [InlineData("netdeploy.gz", null)]
    [InlineData("manifest", "")]
    public void A_damaged_build_is_not_served(string file, string? content)
    {
        Fill(scratch);
        var path = Path.Combine(scratch.Path, "debian-13", Build, file);
        if (content is null)
        {
            File.Delete(path);
        }
        else
        {
            File.WriteAllText(path, content);
        }

        Assert.Null(new InstallerShelf(scratch.Path).Current("debian-13"));
    }

    [Theory]
    [InlineData("..", Build)]
    [InlineData("debian-13", "..")]
    [InlineData("debian-13/../debian-13", Build)]
    [InlineData("", Build)]
    [InlineData("debian-13", "")]
    [InlineData("debian-12", Build)]
    public void Names_from_the_network_lead_to_no_other_folder(string distro, string build)
    {
        Fill(scratch);

        Assert.Null(new InstallerShelf(scratch.Path).Find(distro, build));
        Assert.NotNull(new InstallerShelf(scratch.Path).Find("debian-13", Build));
    }

    [Fact]
    public void A_build_before_the_newest_one_is_still_served_to_who_pinned_it()
    {
        Fill(scratch);
        Fill(scratch, build: "fedcba9876543210");
        var shelf = new InstallerShelf(scratch.Path);

        Assert.Equal("fedcba9876543210", shelf.Current("debian-13")!.BuildId);
        Assert.Equal(Build, shelf.Find("debian-13", Build)!.BuildId);
    }

    [Fact]
    public void The_command_that_fetches_one_fills_the_folder_that_is_read()
    {
        Assert.Equal("netdeploy bootfiles installer debian-13 --cache /srv/boot", new InstallerShelf("/srv/boot/installers").Remedy("debian-13"));
        Assert.Equal("netdeploy bootfiles installer debian-13", new InstallerShelf(BootFilesCatalog.DefaultFolder + "/installers").Remedy("debian-13"));
    }

    public void Dispose() => scratch.Dispose();

    internal static void Fill(Scratch scratch, string distro = "debian-13", string build = Build, string? components = null)
    {
        var manifest = new StringBuilder($"build-id {build}\nsuite trixie\n");
        if (components is not null)
        {
            manifest.Append(System.Globalization.CultureInfo.InvariantCulture, $"components-suite {components}\n");
        }

        foreach (var name in new[] { "linux", "initrd.gz", "netdeploy.gz" })
        {
            var text = "a " + name;
            scratch.Write($"{distro}/{build}/{name}", text);
            manifest.Append(System.Globalization.CultureInfo.InvariantCulture, $"file {name} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))} {text.Length}\n");
        }

        scratch.Write($"{distro}/{build}/manifest", manifest.ToString());
        var link = Path.Combine(scratch.Path, distro, "current");
        File.Delete(link);
        File.CreateSymbolicLink(link, build);
    }
}
