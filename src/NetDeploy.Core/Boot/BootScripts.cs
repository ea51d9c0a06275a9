using System.Collections.Immutable;
using NetDeploy.Protocols;
using Scriban;
using Scriban.Runtime;

namespace NetDeploy.Core.Boot;

/// <summary>What the script of a deployment names.</summary>
/// <param name="ServerAddress">For GRUB's TFTP paths.</param>
/// <param name="BaseUrl">The boot listener, such as http://10.77.0.1:8080.</param>
/// <param name="KernelArguments">The last console among them gets the environment's own output.</param>
public sealed record DeployScript(
    string MachineName, string DeploymentId, string Token, MacAddress Mac, System.Net.IPAddress ServerAddress, string BaseUrl, ImmutableArray<string> KernelArguments)
{
    public override string ToString() => $"DeployScript {MachineName} {DeploymentId}, token ***";
}

/// <summary>What the script of a held machine names.</summary>
/// <param name="Token">Of the phase <c>hold</c>.</param>
public sealed record HoldScript(MacAddress Mac, string Token, System.Net.IPAddress ServerAddress, string BaseUrl, ImmutableArray<string> KernelArguments)
{
    public override string ToString() => $"HoldScript {Mac}, token ***";
}

/// <summary>
/// The texts that iPXE and GRUB execute. Each says on the console what happens and why; each failing path tries a few times,
/// then leaves to the machine's own disk, so that a blade never waits at a prompt.
/// </summary>
public static class BootScripts
{
    // sanboot returns only when the disk did not boot. UEFI firmware takes the next entry after an error; success may end in a menu.
    private const string IpxeLocal = """
        iseq ${platform} efi && exit 1 ||
        sanboot --no-describe --drive 0x80 || exit 1

        """;

    // Explicit disks: a search by file would match a CD, and a path without a device the network that GRUB itself came from.
    // The chain-loaded image is told $root as its device. The distribution's own shim comes after the removable path.
    private const string GrubLocal = """
        for path in /EFI/BOOT/BOOTX64.EFI /EFI/debian/shimx64.efi /EFI/ubuntu/shimx64.efi /EFI/fedora/shimx64.efi /EFI/rocky/shimx64.efi /EFI/almalinux/shimx64.efi /EFI/centos/shimx64.efi /EFI/redhat/shimx64.efi /EFI/opensuse/shim.efi /EFI/sles/shim.efi; do
          for disk in hd0 hd1 hd2 hd3 hd4 hd5 hd6 hd7; do
            for part in gpt1 gpt2 gpt3 gpt4 msdos1 msdos2; do
              if [ -f ($disk,$part)$path ]; then
                echo "NetDeploy: starting ($disk,$part)$path"
                set root=$disk,$part
                chainloader $path
                boot
              fi
            done
          done
        done
        echo 'NetDeploy: no disk has a boot loader; the firmware goes on'
        sleep 5
        exit

        """;

    private static readonly Template IpxeStartTemplate = Parse("""
        #!ipxe
        echo NetDeploy: {{ what }}
        set attempt:int32 0
        :fetch
        inc attempt
        iseq ${attempt} 4 && goto give_up ||
        imgfree
        kernel {{ base }}/boot/{{ kernel }}{{ for initrd in initrds }} initrd={{ for.first ? "initrd" : "initrd" + for.index }}{{ end }} {{ arguments }} || goto again
        {{~ for initrd in initrds ~}}
        initrd --name {{ for.first ? "initrd" : "initrd" + for.index }} {{ base }}/boot/{{ initrd }} || goto again
        {{~ end ~}}
        boot || goto again
        :again
        echo NetDeploy: {{ started }} did not load, attempt ${attempt} of 3
        sleep 3
        goto fetch
        :give_up
        echo NetDeploy: giving up; the disk is untouched and boots now. Next: netdeploy show {{ next }}
        sleep 10

        """ + IpxeLocal);

    private static readonly Template GrubStartTemplate = Parse("""
        set timeout=0
        echo 'NetDeploy: {{ what }}'
        for attempt in 1 2 3; do
          if linux (tftp,{{ server }})/{{ kernel }} {{ arguments }}; then
            if initrd{{ for initrd in initrds }} (tftp,{{ server }})/{{ initrd }}{{ end }}; then
              boot
            fi
          fi
          echo "NetDeploy: {{ started }} did not load, attempt $attempt of 3"
          sleep 3
        done
        echo 'NetDeploy: giving up; the disk is untouched and boots now. Next: netdeploy show {{ next }}'
        sleep 10

        """ + GrubLocal);

    private static readonly Template IpxeLocalTemplate = Parse("""
        #!ipxe
        echo NetDeploy: local boot, because {{ reason }}

        """ + IpxeLocal);

    private static readonly Template GrubLocalTemplate = Parse("""
        set timeout=0
        echo 'NetDeploy: local boot, because {{ reason }}'

        """ + GrubLocal);

    /// <summary>Starts the deploy environment. Holds the token: never log or keep it.</summary>
    public static string Deploy(ScriptDialect dialect, DeployScript script)
    {
        var arguments = new KernelCommandLine()
            .Add($"netdeploy.url={script.BaseUrl}")
            .Add($"netdeploy.deployment={script.DeploymentId}")
            .Add($"netdeploy.token={script.Token}")
            .Add($"BOOTIF=01-{script.Mac.ToString('-')}")
            .AddAll(script.KernelArguments);
        return Environment(
            dialect, Installing(script), script.MachineName, script.BaseUrl, script.ServerAddress, arguments);
    }

    /// <summary>Starts the distribution's own installer. Holds the token: never log or keep it.</summary>
    public static string Installer(ScriptDialect dialect, InstallerScript script) => Start(
        dialect,
        Installing(script.Deploy),
        script.Deploy.MachineName,
        script.Deploy.BaseUrl,
        script.Deploy.ServerAddress,
        new($"the installer of {script.Start.Distro}", $"{script.Folder}/{InstallerScript.Kernel}", [$"{script.Folder}/{InstallerScript.Initrd}", $"{script.Folder}/{InstallerScript.Archive}"]),
        script.CommandLine());

    /// <summary>Starts the deploy environment to wait. Holds the token: never log or keep it.</summary>
    public static string Hold(ScriptDialect dialect, string reason, HoldScript script)
    {
        var arguments = new KernelCommandLine()
            .Add($"netdeploy.url={script.BaseUrl}")
            .Add($"netdeploy.hold={script.Mac}")
            .Add($"netdeploy.token={script.Token}")
            .Add($"BOOTIF=01-{script.Mac.ToString('-')}")
            .AddAll(script.KernelArguments);
        return Environment(dialect, $"held, because {reason}", script.Mac.ToString(), script.BaseUrl, script.ServerAddress, arguments);
    }

    /// <summary>iPXE asks again, and says what its SMBIOS holds.</summary>
    /// <param name="url">With iPXE's variables in it.</param>
    public static string Tell(string url) => $"""
        #!ipxe
        echo NetDeploy: a new machine; it says what it is
        chain --replace --autofree {url} ||
        echo NetDeploy: no answer; the disk boots now
        sleep 5

        """.ReplaceLineEndings("\n") + IpxeLocal.ReplaceLineEndings("\n");

    /// <summary>Starts the machine's own disk.</summary>
    public static string Local(ScriptDialect dialect, string reason) =>
        Render(dialect == ScriptDialect.Ipxe ? IpxeLocalTemplate : GrubLocalTemplate, new ScriptObject { ["reason"] = Plain(reason) });

    /// <summary>One line of text that neither shell reads as anything else; reasons hold what machines and people wrote.</summary>
    public static string Plain(string text) =>
        string.Concat(text.Take(300).Select(c => char.IsAsciiLetterOrDigit(c) || " .,:/()_-+=%@".Contains(c, StringComparison.Ordinal) ? c : ' '));

    private static string Installing(DeployScript script) => $"{script.MachineName} is being installed, deployment {script.DeploymentId}";

    private static string Environment(
        ScriptDialect dialect, string what, string next, string baseUrl, System.Net.IPAddress server, KernelCommandLine arguments) =>
        Start(dialect, what, next, baseUrl, server, new("the deploy environment", "environment/vmlinuz", ["environment/initrd"]), arguments);

    private static string Start(
        ScriptDialect dialect, string what, string next, string baseUrl, System.Net.IPAddress server, StartedSystem started, KernelCommandLine arguments) =>
        Render(dialect == ScriptDialect.Ipxe ? IpxeStartTemplate : GrubStartTemplate, new ScriptObject
        {
            ["what"] = Plain(what),
            ["next"] = Plain(next),
            ["base"] = baseUrl,
            ["server"] = server.ToString(),
            ["started"] = Plain(started.Name),
            ["kernel"] = started.Kernel,
            ["initrds"] = started.Initrds,
            ["arguments"] = arguments.ToString(),
        });

    /// <summary>A variable that nobody set is a fault of the template, never an empty word in a script that machines boot by.</summary>
    internal static string Render(Template template, ScriptObject values)
    {
        var context = new TemplateContext { StrictVariables = true, NewLine = "\n" };
        context.PushGlobal(values);
        return template.Render(context);
    }

    /// <param name="Kernel">Below <c>/boot</c> by HTTP, below the root by TFTP; initrds the same.</param>
    /// <param name="Initrds">In their order: the kernel unpacks one over the other.</param>
    private sealed record StartedSystem(string Name, string Kernel, ImmutableArray<string> Initrds);

    internal static Template Parse(string text)
    {
        var template = Template.Parse(text.ReplaceLineEndings("\n"));
        return template.HasErrors ? throw new InvalidOperationException(string.Join("; ", template.Messages)) : template;
    }
}
