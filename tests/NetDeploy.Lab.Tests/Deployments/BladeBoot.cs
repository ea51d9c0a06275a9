using System.Collections.Immutable;
using System.Diagnostics;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Lab.Tests.Roms;

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
/// One power-on of a blade by the test's own hand; the lab must have it off. What this boot writes, to disk and firmware
/// variables, goes into a snapshot that ends with it.
/// </summary>
internal sealed class BladeBoot : IDisposable
{
    private readonly BladeHardware _hardware;
    private readonly BladeFiles _own;
    private readonly BladeFiles? _tpm;
    private ImmutableArray<string> _command;
    private Wire? _wire;

    /// <param name="files">The lab's, with the blade's disk; only the disk and the variables of it are taken.</param>
    public BladeBoot(BladeHardware hardware, BladeFiles files, Accelerator accelerator)
    {
        var folder = Directory.CreateTempSubdirectory("ndt-boot-").FullName;
        (_hardware, _own) = (hardware, new BladeFiles(folder, Path.Combine(folder, "console.log")));
        File.WriteAllText(_own.Console, "");
        _tpm = hardware.Tpm ? files : null;
        _command =
        [
            .. QemuArguments.For(hardware, files with { Console = _own.Console }, accelerator).Select(word => word.Replace(files.Qmp, _own.Qmp, StringComparison.Ordinal)),
            "-snapshot",
        ];
    }

    public string Console => File.ReadAllText(_own.Console);

    private string Log => Path.Combine(_own.Folder, "qemu.log");

    /// <summary>Pulls the card out, with its ROM and its boot index: no server, no loader and no script has a part in what boots.</summary>
    public BladeBoot WithoutNetwork()
    {
        var netdev = _command.IndexOf("-netdev");
        Assert.Contains("netdev=wire", _command[netdev + 3], StringComparison.Ordinal);
        _command = _command.RemoveRange(netdev, 4);
        return this;
    }

    /// <summary>Pulls a disk out.</summary>
    public BladeBoot WithoutDisk(int number)
    {
        var id = QemuArguments.DiskId(number);
        var drive = _command.IndexOf(_command.Single(word => word.StartsWith($"if=none,id={id},", StringComparison.Ordinal)));
        Assert.Contains($"drive={id},", _command[drive + 2], StringComparison.Ordinal);
        _command = _command.RemoveRange(drive - 1, 4);
        return this;
    }

    /// <summary>Plugs the card into the lab's bridge by a wire that makes its ROM one of another make.</summary>
    public BladeBoot Behind(PlainRom rom, LabNetwork network)
    {
        _wire = new Wire(network, _hardware.Tap, _own.Folder, rom);
        _command = _command.SetItem(_command.IndexOf("-netdev") + 1, _wire.Netdev);
        return this;
    }

    /// <summary>Leaves the card in its port of the lab's bridge: the machine starts inside that network.</summary>
    public BladeBoot In(LabNetwork network)
    {
        _command = [.. network.Inside(_command)];
        return this;
    }

    public BladeBoot With(Variables variables, BladeFiles files)
    {
        if (variables == Variables.Fresh)
        {
            File.Copy(FirmwareImages.Of(_hardware.Firmware)!.Variables, _own.Variables);
            _command = [.. _command.Select(word => word.Replace(files.Variables, _own.Variables, StringComparison.Ordinal))];
        }

        return this;
    }

    public Task UntilLoginAsync(TimeSpan limit)
    {
        var prompt = $"{_hardware.Name} login:";
        return UntilAsync(prompt, () => Task.FromResult(Console.Contains(prompt, StringComparison.Ordinal)), limit);
    }

    /// <summary>Power on, wait, and the plug out again.</summary>
    /// <param name="what">Is waited for; for the message that says it was in vain.</param>
    public async Task UntilAsync(string what, Func<Task<bool>> reached, TimeSpan limit)
    {
        using var spawner = new ChildSpawner();
        using var tpm = _tpm is null ? null : await SoftwareTpm.StartAsync(_tpm, spawner, Log, CancellationToken.None);
        using var machine = await spawner.StartAsync(_command, Log);
        try
        {
            for (var clock = Stopwatch.StartNew(); !await reached(); await Task.Delay(200, TestContext.Current.CancellationToken))
            {
                if (_wire?.Fault is { } fault)
                {
                    Assert.Fail($"the wire broke: {fault}");
                }

                if (machine.HasExited || clock.Elapsed > limit)
                {
                    Assert.Fail($"no '{what}' after {clock.Elapsed.TotalSeconds:0} s, ended: {machine.HasExited}\n{File.ReadAllText(Log)}\n{Console}");
                }
            }
        }
        finally
        {
            machine.Kill();
            await machine.WaitForExitAsync();
            // What it carried is read after this.
            _wire?.Dispose();
        }
    }

    public void Dispose()
    {
        _wire?.Dispose();
        Directory.Delete(_own.Folder, recursive: true);
    }
}
