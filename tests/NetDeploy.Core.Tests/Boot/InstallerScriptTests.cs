using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Tests.Targets;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Boot;

public sealed class InstallerScriptTests
{
    private static readonly InstallerScript Script = new(
        new DeployScript(
            "blade1", "0190aa", new string('T', 43), MacAddress.Parse("52:54:00:00:00:01"), IPAddress.Parse("10.77.0.1"), "http://10.77.0.1:8080", ["console=ttyS0,115200n8"]),
        new InstallerStart("debian-13", "0123456789abcdef", null, "example.test"),
        514);

    [Fact]
    public void The_scripts_for_iPXE_and_GRUB_are_the_golden_ones()
    {
        Golden.Matches("installer.ipxe", BootScripts.Installer(ScriptDialect.Ipxe, Script));
        Golden.Matches("installer.grub.cfg", BootScripts.Installer(ScriptDialect.Grub, Script));
    }

    [Fact]
    public void What_is_asked_before_the_answers_can_be_fetched_stands_on_the_command_line()
    {
        var words = Script.CommandLine().ToString().Split(' ');

        Assert.Contains("hostname=blade1", words);
        Assert.Contains("domain=example.test", words);
        Assert.Contains("BOOTIF=01-52-54-00-00-00-01", words);
        Assert.Contains($"url=http://10.77.0.1:8080/deploy/0190aa/preseed/{Script.Deploy.Token}", words);
        Assert.DoesNotContain(words, w => w.Length == 0);
        Assert.DoesNotContain((Script with { Start = Script.Start with { Domain = null } }).CommandLine().ToString().Split(' '), w => w.StartsWith("domain=", StringComparison.Ordinal));
    }

    [Fact]
    public void A_token_shows_in_the_script_alone() => Assert.DoesNotContain(Script.Deploy.Token, $"{Script}", StringComparison.Ordinal);

    [Theory]
    [InlineData("installers/debian-13/0123456789abcdef/linux", "linux")]
    [InlineData("installers/debian-13/0123456789abcdef/netdeploy.gz", "netdeploy.gz")]
    public void TFTP_names_its_files_as_the_script_does(string path, string name)
    {
        Assert.StartsWith(Script.Folder, path, StringComparison.Ordinal);
        var view = new BootView { Mode = Core.Addressing.NetworkMode.Authoritative, UefiLoader = Core.Addressing.UefiLoader.Shim, ServerAddress = IPAddress.Loopback, HttpPort = 8080 };

        var decision = BootPlanner.Plan(view, new Core.Machines.MachineMatch.Unknown("x"), null, new BootRequest.Tftp(path, IPAddress.Loopback, AddressOwner.Nobody)).Decision;

        Assert.Equal(new BootDecision.InstallerFile("debian-13", "0123456789abcdef", name), decision);
    }
}
