using System.Net;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Tests.BootFiles;

namespace NetDeploy.Server.Tests.Boot;

/// <summary>Debian's installer, and a hostile neighbour, at the listener that machines meet.</summary>
public sealed class InstallerBootTests
{
    private const string Build = "0123456789abcdef";
    private static readonly InstallerStart Installer = new("debian-12", Build, "bookworm-own", null);

    [Fact]
    public async Task A_blade_goes_the_whole_way_by_the_installer_and_its_secrets_reach_no_disk()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantInstallerAsync(Installer);
        var token = (await host.BootAsync())!;

        // The same boot may ask again: installers do.
        for (var again = 0; again < 2; again++)
        {
            var (status, answers) = await host.SendAsync(BootHost.Blade, HttpMethod.Get, $"/deploy/{host.Current!.Id}/preseed/{token}");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains("d-i partman/early_command string ", answers, StringComparison.Ordinal);
            Assert.Contains("d-i mirror/udeb/suite string bookworm-own\n", answers, StringComparison.Ordinal);
            Assert.DoesNotContain(BootHost.RootHash, answers, StringComparison.Ordinal);
        }

        var (_, plan) = await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "plan", token);
        Assert.Contains(BootHost.RootHash, plan, StringComparison.Ordinal);
        Assert.DoesNotContain("step_unpack", plan, StringComparison.Ordinal);
        var firstBoot = plan.Split('\n').Single(l => l.StartsWith("step_first_boot", StringComparison.Ordinal)).Split('\'')[3];
        Assert.Equal((HttpStatusCode.Conflict, "the deployment is the installer's, and has no image\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Get, "image", token));
        Assert.Equal((HttpStatusCode.OK, "granted\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", token, "disk=root /dev/vda"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "written", token, "seconds=5"));
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "installed", firstBoot, "kernel=6.1"));
        Assert.Equal(DeploymentState.Installed, host.Current!.State);

        await host.Service.DrainEvidenceAsync();
        string[] secrets = [token, firstBoot, BootHost.RootHash];
        foreach (var file in Directory.EnumerateFiles(host.Folder, "*", SearchOption.AllDirectories))
        {
            var text = await File.ReadAllTextAsync(file);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_script_starts_the_installer_with_the_token_in_the_address_of_its_answers()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantInstallerAsync(Installer);
        var token = await host.BootAsync();
        var (_, script) = await host.SendAsync(BootHost.Blade, HttpMethod.Get, $"/boot/script?mac={BootHost.Mac}");

        Assert.Contains($"/boot/installers/debian-12/{Build}/linux ", script, StringComparison.Ordinal);
        Assert.Contains($"/boot/installers/debian-12/{Build}/netdeploy.gz ", script, StringComparison.Ordinal);
        Assert.Contains($"/deploy/{host.Current!.Id}/preseed/{token} ", script, StringComparison.Ordinal);
        Assert.Contains($" hostname={BootHost.Name} ", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_answers_need_the_token_of_this_boot_from_its_own_address()
    {
        await using var host = await BootHost.StartAsync();
        await host.GrantInstallerAsync(Installer);
        var token = (await host.BootAsync())!;
        var id = host.Current!.Id;

        Assert.Equal(HttpStatusCode.Forbidden, (await host.SendAsync(BootHost.Neighbour, HttpMethod.Get, $"/deploy/{id}/preseed/{token}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.SendAsync(BootHost.Blade, HttpMethod.Get, $"/deploy/{id}/preseed/{new string('x', token.Length)}")).Status);
        Assert.Equal(2, (await host.AlarmsAsync()).Count);

        // After the end of its deployment it opens nothing more.
        await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "claim", token, "disk=root /dev/vda");
        await host.DeployAsync(BootHost.Blade, HttpMethod.Post, "written", token, "seconds=5");
        Assert.Equal((HttpStatusCode.Conflict, "the deployment is written\n"), await host.SendAsync(BootHost.Blade, HttpMethod.Get, $"/deploy/{id}/preseed/{token}"));
    }

    [Fact]
    public async Task Boot_files_are_served_as_they_were_verified_and_no_others()
    {
        await using var host = await BootHost.StartAsync();
        using var scratch = new Scratch();
        InstallerShelfTests.Fill(scratch, "debian-12");
        Directory.Move(scratch.Path, Path.Combine(host.Folder, "installers"));
        Directory.CreateDirectory(scratch.Path);

        Assert.Equal((HttpStatusCode.OK, "a initrd.gz"), await host.SendAsync(BootHost.Blade, HttpMethod.Get, $"/boot/installers/debian-12/{Build}/initrd.gz"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(BootHost.Blade, HttpMethod.Get, $"/boot/installers/debian-12/{Build}/manifest")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(BootHost.Blade, HttpMethod.Get, $"/boot/installers/%2e%2e/{Build}/linux")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(BootHost.Blade, HttpMethod.Get, "/boot/installers/debian-12/feedfeedfeedfeed/linux")).Status);
    }
}
