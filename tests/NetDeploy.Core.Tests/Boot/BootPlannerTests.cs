using System.Net;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Tests.Deployments;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Tests.Boot;

public class BootPlannerTests
{
    private static readonly MacAddress Mac = MacAddress.Parse("52:54:00:00:00:01");
    private static readonly MacAddress Other = MacAddress.Parse("52:54:00:00:00:02");
    private static readonly Machine Blade = new() { Id = "m1", Name = "blade1", Binding = new Binding { Macs = [Mac] } };
    private static readonly MachineMatch Found = new MachineMatch.Found(Blade, IdentityStrength.Claimed, "mac");
    private static readonly MachineMatch Unknown = new MachineMatch.Unknown("no machine has this MAC");

    private static BootView View(UefiLoader uefi = UefiLoader.Shim, NetworkMode mode = NetworkMode.Authoritative, int fetches = 0) => new()
    {
        Mode = mode,
        UefiLoader = uefi,
        ServerAddress = IPAddress.Parse("10.77.0.1"),
        HttpPort = 8080,
        Loaders = new LoaderHistory(fetches),
    };

    private static BootRequest.Dhcp Dhcp(BootStage stage, params ushort[] architectures) =>
        new(new BootClient { Mac = Mac, Stage = stage, Architectures = [.. architectures] });

    private static string? File(BootView view, BootRequest request, MachineMatch? match = null) =>
        (BootPlanner.Plan(view, match ?? Found, Lives.Granted(), request).Decision as BootDecision.Offer)?.File.File;

    [Theory]
    [InlineData(BootStage.Pxe, UefiLoader.Shim, "undionly.kpxe", 0)]
    [InlineData(BootStage.Pxe, UefiLoader.Shim, "undionly.kpxe")]
    [InlineData(BootStage.Pxe, UefiLoader.Shim, "bootnetx64.efi", 7)]
    [InlineData(BootStage.Pxe, UefiLoader.Shim, "bootnetx64.efi", 9)]
    [InlineData(BootStage.Pxe, UefiLoader.Ipxe, "snponly.efi", 7)]
    [InlineData(BootStage.Pxe, UefiLoader.Shim, "undionly.kpxe", 0x7777, 0)]
    [InlineData(BootStage.Http, UefiLoader.Shim, "http://10.77.0.1:8080/boot/loaders/snponly.efi", 16)]
    [InlineData(BootStage.Ipxe, UefiLoader.Shim, "http://10.77.0.1:8080/boot/script?mac=${mac}&uuid=${uuid}", 7)]
    [InlineData(BootStage.Pxe, UefiLoader.Shim, null, 11)]
    [InlineData(BootStage.None, UefiLoader.Shim, null, 0)]
    public void Each_client_gets_the_loader_of_its_stage_and_architecture(BootStage stage, UefiLoader uefi, string? file, params int[] architectures) =>
        Assert.Equal(file, File(View(uefi), Dhcp(stage, [.. architectures.Select(a => (ushort)a)])));

    [Fact]
    public void Unsigned_iPXE_fetched_twice_without_a_script_is_followed_by_shim()
    {
        Assert.Equal("snponly.efi", File(View(UefiLoader.Ipxe, fetches: 1), Dhcp(BootStage.Pxe, 7)));
        Assert.Equal("bootnetx64.efi", File(View(UefiLoader.Ipxe, fetches: 2), Dhcp(BootStage.Pxe, 7)));
    }

    [Fact]
    public void UEFI_that_boots_its_own_disk_gets_GRUB_which_starts_it_at_once()
    {
        var view = View(UefiLoader.Ipxe);
        var held = new MachineMatch.Found(Blade with { Quarantine = new Quarantine(default, "d", "stuck") }, IdentityStrength.Claimed, "mac");
        Assert.Equal("bootnetx64.efi", Offered(Found, null, 7));
        Assert.Equal("bootnetx64.efi", Offered(Unknown, null, 7));
        Assert.Equal("bootnetx64.efi", Offered(held, Lives.Granted(), 7));
        Assert.Equal("bootnetx64.efi", Offered(Found, Lives.Granted() with { State = DeploymentState.Written }, 7));
        Assert.Equal("snponly.efi", Offered(Found, Lives.Granted(), 7));
        Assert.Equal("undionly.kpxe", Offered(Found, null, 0));
        Assert.EndsWith("/snponly.efi", (BootPlanner.Plan(view, Found, null, Dhcp(BootStage.Http, 16)).Decision as BootDecision.Offer)?.File.File, StringComparison.Ordinal);

        string? Offered(MachineMatch match, Deployment? deployment, ushort architecture) =>
            (BootPlanner.Plan(view, match, deployment, Dhcp(BootStage.Pxe, architecture)).Decision as BootDecision.Offer)?.File.File;
    }

    [Fact]
    public void A_loader_loop_gets_the_script_and_raises_an_alarm()
    {
        var plan = BootPlanner.Plan(View(fetches: 3), Found, null, Dhcp(BootStage.Pxe, 0));
        Assert.Contains("/boot/script", Assert.IsType<BootDecision.Offer>(plan.Decision).File.File, StringComparison.Ordinal);
        Assert.NotNull(plan.Alarm);
        Assert.Null(BootPlanner.Plan(View(fetches: 2), Found, null, Dhcp(BootStage.Pxe, 0)).Alarm);
    }

    [Fact]
    public void On_another_servers_network_strangers_get_nothing()
    {
        Assert.Null(File(View(mode: NetworkMode.Proxy), Dhcp(BootStage.Pxe, 7), Unknown));
        Assert.NotNull(File(View(mode: NetworkMode.Proxy), Dhcp(BootStage.Pxe, 7)));
        Assert.NotNull(File(View(), Dhcp(BootStage.Pxe, 7), Unknown));
    }

    [Fact]
    public void On_another_servers_network_UEFI_without_an_order_is_left_to_its_own_disk()
    {
        Assert.NotNull(Offered(BootStage.Pxe, 7, Lives.Granted()));
        foreach (var (stage, code) in ((BootStage, ushort)[])[(BootStage.Pxe, 7), (BootStage.Http, 16)])
        {
            Assert.Null(Offered(stage, code, null));
            Assert.Null(Offered(stage, code, Lives.Installed()));
        }

        // A BIOS and iPXE read on their console why, and start the disk at once.
        Assert.NotNull(Offered(BootStage.Pxe, 0, null));
        Assert.NotNull(Offered(BootStage.Ipxe, 7, null));

        string? Offered(BootStage stage, ushort code, Deployment? deployment) =>
            (BootPlanner.Plan(View(mode: NetworkMode.Proxy), Found, deployment, Dhcp(stage, code)).Decision as BootDecision.Offer)?.File.File;
    }

    [Fact]
    public void Where_another_server_leases_a_nic_is_known_by_ARP()
    {
        Assert.IsType<BootDecision.DeployScript>(BootPlanner.Plan(View(mode: NetworkMode.Proxy), Found, Lives.Granted(), Get(AddressOwner.Neighbour(Mac))).Decision);
        var forged = BootPlanner.Plan(View(mode: NetworkMode.Proxy), Found, Lives.Granted(), Get(AddressOwner.Neighbour(Other)));
        Assert.IsType<BootDecision.Refused>(forged.Decision);
        Assert.Contains($"which is {Other} on the wire", forged.Alarm, StringComparison.Ordinal);
        var grub = new BootRequest.Tftp("grub/grub.cfg", Lives.Blade, AddressOwner.Neighbour(Mac));
        Assert.Equal(ScriptDialect.Grub, Assert.IsType<BootDecision.DeployScript>(BootPlanner.Plan(View(mode: NetworkMode.Proxy), Found, Lives.Granted(), grub).Decision).Dialect);
        Assert.IsType<BootDecision.LocalScript>(BootPlanner.Plan(View(mode: NetworkMode.Proxy), Found, Lives.Granted(), grub with { Owner = AddressOwner.Foreign }).Decision);
    }

    private static BootRequest.Script Get(AddressOwner owner) => new(Mac, null, Lives.Blade, owner);

    [Fact]
    public void A_granted_machine_boots_the_environment_if_its_deployment_takes_the_boot()
    {
        var plan = BootPlanner.Plan(View(), Found, Lives.Granted(), Get(AddressOwner.Of(Mac)));
        Assert.Equal(ScriptDialect.Ipxe, Assert.IsType<BootDecision.DeployScript>(plan.Decision).Dialect);
        Assert.Equal(Lives.Blade, plan.Proposed!.Source);
    }

    [Fact]
    public void Everyone_else_boots_locally_and_reads_why()
    {
        var get = Get(AddressOwner.Of(Mac));
        var quarantined = new MachineMatch.Found(Blade with { Quarantine = new Quarantine(Lives.Noon, "d", "silent") }, IdentityStrength.Claimed, "mac");
        Assert.Contains("netdeploy release blade1", Reason(quarantined, Lives.Granted()), StringComparison.Ordinal);
        Assert.Contains("netdeploy deploy blade1", Reason(Found, null), StringComparison.Ordinal);
        Assert.Contains("installed", Reason(Found, Lives.Installed()), StringComparison.Ordinal);
        Assert.Contains("unknown", Reason(Unknown, null), StringComparison.Ordinal);
        Assert.Contains("a and b", Reason(new MachineMatch.Conflict(["a", "b"], "MAC is bound to a and b"), null), StringComparison.Ordinal);

        string Reason(MachineMatch match, Deployment? deployment)
        {
            var plan = BootPlanner.Plan(View(), match, deployment, get);
            Assert.Null(plan.Proposed);
            return Assert.IsType<BootDecision.LocalScript>(plan.Decision).Reason;
        }
    }

    [Fact]
    public void A_script_for_a_mac_that_another_address_owns_is_refused_with_an_alarm()
    {
        foreach (var owner in new[] { AddressOwner.Of(Other), AddressOwner.Nobody })
        {
            var plan = BootPlanner.Plan(View(), Found, Lives.Granted(), Get(owner));
            Assert.IsType<BootDecision.Refused>(plan.Decision);
            Assert.Null(plan.Proposed);
            Assert.NotNull(plan.Alarm);
        }
    }

    [Theory]
    [InlineData("bootnetx64.efi", "bootnetx64.efi", true)]
    [InlineData("grubx64.efi", "grubx64.efi", false)]
    [InlineData("mmx64.efi", "mmx64.efi", false)]
    [InlineData("debian-installer/amd64/grubx64.efi", "grubx64.efi", false)]
    public void Loaders_are_found_by_their_last_name(string path, string name, bool first)
    {
        var loader = Assert.IsType<BootDecision.Loader>(Read(path, AddressOwner.Of(Mac)).Decision);
        Assert.Equal((name, first), (loader.Name, loader.FirstStage));
    }

    [Theory]
    [InlineData("revocations_sku.efi")]
    [InlineData("debian-installer/amd64/grub/x86_64-efi/command.lst")]
    [InlineData("debian-installer/amd64/grub/grub.cfg-0A4D000A")]
    [InlineData("environment/other")]
    [InlineData("../environment/vmlinuz")]
    [InlineData("")]
    public void What_is_not_there_is_said_at_once(string path) => Assert.IsType<BootDecision.NotFound>(Read(path, AddressOwner.Of(Mac)).Decision);

    [Theory]
    [InlineData("debian-installer/amd64/grub/grub.cfg-01-52-54-00-00-00-01")]
    [InlineData("debian-installer/amd64/grub/grub.cfg")]
    public void Grub_gets_its_config_by_the_address_it_asks_from(string path)
    {
        var plan = Read(path, AddressOwner.Of(Mac));
        Assert.Equal(ScriptDialect.Grub, Assert.IsType<BootDecision.DeployScript>(plan.Decision).Dialect);
        Assert.NotNull(plan.Proposed);
    }

    [Fact]
    public void Grub_may_not_ask_in_another_name_or_without_a_lease()
    {
        Assert.NotNull(Read("grub/grub.cfg-01-52-54-00-00-00-02", AddressOwner.Of(Mac)).Alarm);
        Assert.IsType<BootDecision.Refused>(Read("grub/grub.cfg", AddressOwner.Nobody).Decision);
    }

    [Fact]
    public void The_environment_is_the_same_for_all()
    {
        Assert.Equal(EnvironmentPart.Kernel, Assert.IsType<BootDecision.Environment>(Read("environment/vmlinuz", AddressOwner.Nobody).Decision).Part);
        Assert.Equal(EnvironmentPart.Initrd, Assert.IsType<BootDecision.Environment>(Read("environment/initrd", AddressOwner.Nobody).Decision).Part);
    }

    private static BootPlan Read(string path, AddressOwner owner) =>
        BootPlanner.Plan(View(), Found, Lives.Granted(), new BootRequest.Tftp(path, Lives.Blade, owner));
}
