using System.Collections.Immutable;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Profiles.Documents;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>The resolved tree to the neutral model, and what must hold across its parts.</summary>
internal static class SystemBinder
{
    private const int MaxFirstBootScripts = 50;

    public static SystemSpec Read(
        MapNode tree, Origin at, MachineSpec machine, DistroSpec distro, IEnumerable<NetworkSpec> networks, DiagnosticBag diagnostics)
    {
        var system = new MapCursor(tree, "system", at);
        var keyboard = system.Below("keyboard");
        var read = new SystemSpec
        {
            HostName = machine.Name,
            Domain = system.Text("domain"),
            Root = AccountBinder.ReadRoot(system, diagnostics),
            Groups = AccountBinder.ReadGroups(system),
            Users = AccountBinder.ReadUsers(system, diagnostics),
            Packages = SoftwareBinder.ReadPackages(system, distro),
            Repositories = SoftwareBinder.ReadRepositories(system, diagnostics),
            Storage = StorageBinder.Read(system, diagnostics),
            Dns = InterfaceBinder.ReadDns(system),
            Locale = system.Text("locale") ?? "C.UTF-8",
            Keyboard = new(keyboard.Text("layout") ?? "us", keyboard.Text("variant")),
            TimeZone = system.Text("timezone") ?? "Etc/UTC",
            NtpServers = system.Texts("ntp"),
            Services = [.. system.Items("services").Select(s => new ServiceSpec(s.Text("name")!, ReadState(s.Text("state"))))],
            Firewall = FirewallBinder.Read(system, diagnostics),
            Role = system.Text("role") switch { "xen-host" => MachineRole.XenHost, "kvm-host" => MachineRole.KvmHost, _ => null },
            Handover = HandoverBinder.Read(system, diagnostics),
            KernelArguments = system.Texts("kernelArguments"),
            Scripts = ReadScripts(system, diagnostics),
            SshHostKeyTypes = system.Below("ssh").Has("hostKeys") ? [.. system.Below("ssh").Texts("hostKeys").Distinct()] : ["ed25519"],
        };
        if (read.SshHostKeyTypes.Length == 0)
        {
            diagnostics.Error(system.Below("ssh").OriginOf("hostKeys"), "system.ssh.hostKeys", "a machine without an SSH host key cannot be reached.", "Name at least ed25519.");
        }

        read = new InterfaceBinder(system, machine, networks, diagnostics).ReadInto(read);
        read = ImpliedSoftware.Add(system, read, distro, diagnostics);
        FirewallBinder.Check(system, read, diagnostics);
        EncryptionCheck.CheckNetwork(system.Below("storage"), read, diagnostics);
        AccountBinder.Check(system, read, diagnostics);
        return read;
    }

    private static ServiceState ReadState(string? word) => word switch
    {
        "disabled" => ServiceState.Disabled,
        "masked" => ServiceState.Masked,
        _ => ServiceState.Enabled,
    };

    private static ImmutableArray<ScriptSpec> ReadScripts(MapCursor system, DiagnosticBag diagnostics)
    {
        var scripts = ImmutableArray.CreateBuilder<ScriptSpec>();
        foreach (var script in system.Items("scripts"))
        {
            if (script.Text("content") is not { } content)
            {
                diagnostics.Error(script.At, script.Path, "the script has no content.", "Add 'content: |' and its lines.");
            }
            else if (script.Text("when") is not { } when)
            {
                diagnostics.Error(script.At, script.Path, "the script does not say when it runs.", "Add 'when: build' (in the image), 'when: install' (on the machine) or 'when: first-boot' (in the installed system).");
            }
            else
            {
                var phase = when switch { "build" => ScriptPhase.Build, "first-boot" => ScriptPhase.FirstBoot, _ => ScriptPhase.Install };
                scripts.Add(new(script.Text("name")!, phase, content.EndsWith('\n') ? content : content + "\n"));
            }
        }

        // Each of them is reported, and the server takes so many reports and no more (DeploymentLimits.TaskCount).
        if (scripts.Count(s => s.Phase == ScriptPhase.FirstBoot) > MaxFirstBootScripts)
        {
            diagnostics.Error(system.OriginOf("scripts"), "system.scripts", $"there are more than {MaxFirstBootScripts} scripts for the first boot.", "Join some of them, or let configuration management do it.");
        }

        return scripts.ToImmutable();
    }
}
