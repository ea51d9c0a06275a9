using System.Collections.Immutable;
using System.Diagnostics;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Supervision;

namespace NetDeploy.Lab.Tests.Deployments;

/// <summary>What the firmware remembers.</summary>
internal enum Variables
{
    /// <summary>All that the deployment and the boots before it left there.</summary>
    Kept,

    /// <summary>As they leave the factory: a new mainboard, or a cleared CMOS. Firmware knows no boot entry then.</summary>
    Fresh,
}

/// <summary>
/// A blade's disk in the blade's own hardware, without a NIC: no server, no loader and no script has a part in what it
/// boots. The blade must be off. What this boot writes, to disk and firmware variables, goes into a snapshot that ends with it.
/// </summary>
internal static class DiskAlone
{
    /// <summary>Waits for the login prompt on the serial console.</summary>
    /// <returns>All that the console said from power-on on.</returns>
    public static async Task<string> BootAsync(BladeState blade, BladeFiles files, Accelerator accelerator, Variables variables, TimeSpan limit)
    {
        Assert.False(blade.On, $"{blade.Hardware.Name} is on: its disk is in use");
        var folder = Directory.CreateTempSubdirectory("ndt-alone-").FullName;
        try
        {
            return await BootAsync(blade.Hardware, files, accelerator, variables, folder, limit);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> BootAsync(
        BladeHardware hardware, BladeFiles files, Accelerator accelerator, Variables variables, string folder, TimeSpan limit)
    {
        var here = new BladeFiles(folder, Path.Combine(folder, "console.log"));
        var command = QemuArguments.For(hardware, files with { Console = here.Console }, accelerator)
            .Replace($"unix:{files.Qmp},server=on,wait=off", $"unix:{here.Qmp},server=on,wait=off");
        if (variables == Variables.Fresh)
        {
            File.Copy(FirmwareImages.Of(hardware.Firmware)!.Variables, here.Variables);
            command = [.. command.Select(word => word.Replace(files.Variables, here.Variables, StringComparison.Ordinal))];
        }

        var prompt = $"{hardware.Name} login:";
        using var spawner = new ChildSpawner();
        using var machine = await spawner.StartAsync([.. WithoutNetwork(command), "-snapshot"], Path.Combine(folder, "qemu.log"));
        try
        {
            for (var clock = Stopwatch.StartNew(); ; await Task.Delay(200, TestContext.Current.CancellationToken))
            {
                var console = File.Exists(here.Console) ? await File.ReadAllTextAsync(here.Console) : "";
                if (console.Contains(prompt, StringComparison.Ordinal))
                {
                    return console;
                }

                if (machine.HasExited || clock.Elapsed > limit)
                {
                    var said = await File.ReadAllTextAsync(Path.Combine(folder, "qemu.log"));
                    Assert.Fail($"no '{prompt}' after {clock.Elapsed.TotalSeconds:0} s, {variables} variables, ended: {machine.HasExited}\n{said}\n{console}");
                }
            }
        }
        finally
        {
            machine.Kill();
            await machine.WaitForExitAsync();
        }
    }

    /// <summary>Pulls the card out, with its ROM and its boot index.</summary>
    private static ImmutableArray<string> WithoutNetwork(ImmutableArray<string> command)
    {
        var netdev = command.IndexOf("-netdev");
        var card = command.FindIndex(word => word.Contains("netdev=wire", StringComparison.Ordinal));
        Assert.Equal((netdev + 3, "-device"), (card, command[card - 1]));
        return command.RemoveRange(netdev, 4);
    }

    private static int FindIndex(this ImmutableArray<string> words, Predicate<string> match) => Array.FindIndex([.. words], match);
}
