using System.CommandLine;
using NetDeploy.Cli.Lab;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy lab up|drill|down|prepare</c>: virtual blades on an isolated network, really PXE-booted.</summary>
internal static class LabCommand
{
    public static Command Create() => new("lab", "Virtual hardware on this computer: an isolated network with blades that really boot from it.")
    {
        Up(), Drill(), Down(), Prepare(), Supervise(),
    };

    private static Command Up()
    {
        var blades = new Option<int>("--blades") { Description = "How many.", DefaultValueFactory = _ => 1 };
        var firmware = new Option<string>("--firmware") { Description = "bios, uefi, uefi-http or secureboot.", DefaultValueFactory = _ => "bios" };
        firmware.AcceptOnlyFromAmong("bios", "uefi", "uefi-http", "secureboot");
        var distro = new Option<string>("--distro") { Description = "The distribution.", DefaultValueFactory = _ => "debian-12" };
        var method = new Option<string>("--method") { Description = "image, or installer: the distribution's own, about half an hour without KVM.", DefaultValueFactory = _ => "image" };
        method.AcceptOnlyFromAmong("image", "installer");
        var profile = new Option<string>("--profile") { Description = "The profile.", DefaultValueFactory = _ => "minimal" };
        var disk = new Option<string>("--disk") { Description = "virtio, nvme, ahci or megasas.", DefaultValueFactory = _ => "virtio" };
        disk.AcceptOnlyFromAmong("virtio", "nvme", "ahci", "megasas");
        var nic = new Option<string>("--nic") { Description = "virtio or e1000e.", DefaultValueFactory = _ => "virtio" };
        nic.AcceptOnlyFromAmong("virtio", "e1000e");
        var disks = new Option<int>("--disks") { Description = "Disks of each blade, all equal.", DefaultValueFactory = _ => 1 };
        var tpm = new Option<bool>("--tpm") { Description = "Give each blade a TPM 2.0." };
        var documents = new Option<string?>("--documents") { Description = "A YAML file or a folder of your own documents, such as the profile." };
        var mode = new Option<string>("--mode") { Description = "authoritative, or proxy: a dnsmasq on a host of its own leases the addresses.", DefaultValueFactory = _ => "authoritative" };
        mode.AcceptOnlyFromAmong("authoritative", "proxy");
        var mirror = new Option<bool>("--mirror") { Description = "Blades and image builds reach the Debian mirror through the server's cache alone." };
        var enrol = new Option<bool>("--enrol") { Description = "Name no blade: the server enrols them by a rule." };
        var keep = new Option<bool>("--keep") { Description = "Leave the lab up also when a blade failed." };
        var name = LabName();
        var yes = Yes();
        var json = VerbOptions.Json();
        var command = new Command("up", "Bring a lab up: network, server and blades that install themselves.") { blades, firmware, distro, method, profile, disk, disks, tpm, nic, documents, mode, mirror, enrol, keep, name, yes, json };
        disks.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() is < 1 or > 6)
            {
                r.AddError("--disks takes 1 to 6.");
            }
        });
        blades.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() is < 1 or > 32)
            {
                r.AddError("--blades takes 1 to 32.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            NeedsRoot("up", Environment.IsPrivilegedProcess);
            var wanted = Enum.Parse<LabMode>(parsed.GetRequiredValue(mode), ignoreCase: true);
            await PrepareAsync(parsed.GetValue(yes), cancellationToken, wanted).ConfigureAwait(false);
            var options = new LabOptions
            {
                Mode = wanted,
                Blades = parsed.GetValue(blades),
                Firmware = FirmwareWords.Parse(parsed.GetRequiredValue(firmware))!.Value,
                Disk = Enum.Parse<BladeDisk>(parsed.GetRequiredValue(disk), ignoreCase: true),
                Disks = parsed.GetValue(disks),
                Tpm = parsed.GetValue(tpm),
                Documents = parsed.GetValue(documents) is { } own ? ApplyCommand.Read(own) : [],
                Nic = Enum.Parse<BladeNic>(parsed.GetRequiredValue(nic), ignoreCase: true),
                Distro = parsed.GetRequiredValue(distro),
                Profile = parsed.GetRequiredValue(profile),
                Method = parsed.GetRequiredValue(method),
                Mirror = parsed.GetValue(mirror),
                Enrol = parsed.GetValue(enrol),
                Keep = parsed.GetValue(keep),
                Folder = FolderOf(parsed, name),
                Network = NetworkOf(parsed, name),
            };
            return await RunAsync(options, parsed.GetValue(json), (lab, cancel) => lab.UpAsync(cancel), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Drill()
    {
        var blade = new Argument<string?>("blade") { Description = "The blade; without a name the first one.", Arity = ArgumentArity.ZeroOrOne };
        var name = LabName();
        var keep = new Option<bool>("--keep") { Description = "Leave the lab up also when the drill failed." };
        var yes = Yes();
        var json = VerbOptions.Json();
        var command = new Command("drill", "Throw a blade away, and have its name back on other hardware, timed.") { blade, keep, name, yes, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            NeedsRoot("drill", Environment.IsPrivilegedProcess);
            if (!Labs.Runs(FolderOf(parsed, name)))
            {
                throw Labs.Here.Absent(FolderOf(parsed, name), "drill");
            }

            await PrepareAsync(parsed.GetValue(yes), cancellationToken).ConfigureAwait(false);
            var options = new LabOptions
            {
                // What is up stays what it is.
                Mode = LabPlan.Read(FolderOf(parsed, name).Plan) is { HasMainServer: true } ? LabMode.Proxy : LabMode.Authoritative,
                Distro = "debian-12", Profile = "minimal", Keep = parsed.GetValue(keep), Folder = FolderOf(parsed, name), Network = NetworkOf(parsed, name),
            };
            return await RunAsync(options, parsed.GetValue(json), (lab, cancel) => lab.DrillAsync(parsed.GetValue(blade), cancel), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Down()
    {
        var name = LabName();
        var json = VerbOptions.Json();
        var command = new Command("down", "End the lab and leave nothing of it, also after a crash.") { name, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            NeedsRoot("down", Environment.IsPrivilegedProcess);
            var removed = await new LabTeardown(new CommandRunner())
                .RunAsync(FolderOf(parsed, name), NetworkOf(parsed, name), cancellationToken: cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(new LabRemoval(removed), LabResultJson.Default.LabRemoval);
                return Invocation.Done;
            }

            foreach (var line in removed)
            {
                Console.Out.WriteLine($"removed {line}");
            }

            Console.Out.WriteLine(removed.Count == 0 ? $"There is no lab '{FolderOf(parsed, name).Name}'. {Labs.Here.OthersHint("down")}" : $"The lab is gone. Boot files and images for the next one stay in {LabDefaults.CacheFolder}.");
            return Invocation.Done;
        });
        return command;
    }

    private static Command Prepare()
    {
        var yes = Yes();
        var json = VerbOptions.Json();
        var command = new Command("prepare", "Install what the lab needs on this machine, and do no more.") { yes, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await PrepareAsync(parsed.GetValue(yes), cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Output.Json(new LabReadiness(true), LabResultJson.Default.LabReadiness);
            }

            return Invocation.Done;
        });
        return command;
    }

    private static Command Supervise()
    {
        var folder = new Argument<string>("folder");
        var command = new Command("supervise", "Own a lab's processes.") { folder };
        command.Hidden = true;
        command.SetAction((parsed, _) => LabSupervisor.RunAsync(new LabFolder(parsed.GetRequiredValue(folder))));
        return command;
    }

    private static Option<string?> LabName()
    {
        var name = new Option<string?>("--name") { Description = "A lab of its own beside others; its server's data is then below /var/lib/netdeploy/NAME/server." };
        name.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<string?>() is { } text && (text.Length is 0 or > 32 || !text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')))
            {
                r.AddError("--name takes up to 32 letters, digits and '-'.");
            }
        });
        return name;
    }

    private static LabFolder FolderOf(ParseResult parsed, Option<string?> name) =>
        new(parsed.GetValue(name) is { } own ? Path.Combine(VerbOptions.DefaultData, own) : LabDefaults.StateFolder);

    private static string NetworkOf(ParseResult parsed, Option<string?> name) =>
        parsed.GetValue(name) is { } own ? LabDefaults.NamespacePrefix + own : LabDefaults.Namespace;

    private static Option<bool> Yes() => new("--yes") { Description = "Install what is missing without asking." };

    /// <summary>Before anything else is looked at or begun: half a lab helps nobody. Every lab is root's, so only root ends one, or sees it.</summary>
    /// <exception cref="UserFault">This process is not root.</exception>
    internal static void NeedsRoot(string verb, bool privileged)
    {
        if (!privileged)
        {
            throw new UserFault("The lab needs root: it makes a network namespace, and installs the packages that it lacks.", $"sudo ./netdeploy lab {verb}");
        }
    }

    private static Task PrepareAsync(bool yes, CancellationToken cancellationToken, LabMode mode = LabMode.Authoritative) =>
        new HostPackages(new CommandRunner(), new BuildUser(), mode == LabMode.Proxy ? HostPackage.NeededByProxy : HostPackage.Needed).EnsureAsync(
            new HostConsent(Environment.IsPrivilegedProcess, yes || Console.IsInputRedirected, Console.Error, Console.In), cancellationToken);

    private static async Task<int> RunAsync(LabOptions options, bool json, Func<LabUp, CancellationToken, Task<LabResult>> run, CancellationToken cancellationToken)
    {
        LabResult result;
        var display = LabDisplay.OnStandardError();
        await using (display.ConfigureAwait(false))
        {
            using var server = new LabServer(options.Folder.ServerData);
            var supervise = ThisProgram.With("lab", "supervise", options.Folder.Root);
            result = await run(new LabUp(options, server, new CommandRunner(), supervise, display), cancellationToken).ConfigureAwait(false);
        }

        if (json)
        {
            Console.Out.WriteLine(result.ToJson());
        }

        return result.Ok ? Invocation.Done : Invocation.NotDone;
    }
}
