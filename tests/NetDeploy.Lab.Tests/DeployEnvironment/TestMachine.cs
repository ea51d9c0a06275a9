using System.Diagnostics;
using System.Text;

namespace NetDeploy.Lab.Tests.DeployEnvironment;

internal enum TestFirmware
{
    Bios,
    Uefi,
    SecureBoot,
}

/// <summary>An emulated blade: e1000e, disks as given, serial console kept. Ends with the test.</summary>
internal sealed class TestMachine : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder console = new();

    private TestMachine(Process process) => this.process = process;

    public string Console
    {
        get
        {
            lock (console)
            {
                return console.ToString();
            }
        }
    }

    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(p => Path.Combine(p, "qemu-system-x86_64")).FirstOrDefault(File.Exists);

    /// <param name="folder">Keeps the firmware's variables, one file a firmware.</param>
    /// <param name="devices">More of QEMU's arguments: disks.</param>
    public static TestMachine Start(TestFirmware firmware, string folder, params IEnumerable<string> devices)
    {
        List<string> arguments =
        [
            "-accel", "tcg,thread=multi,tb-size=512",
            "-cpu", "max,-la57,-cx16", "-smp", "2", "-m", "1024", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-no-reboot", "-nodefaults", "-device", "virtio-rng-pci",
            "-netdev", "user,id=n0", "-device", "e1000e,netdev=n0,mac=52:54:00:12:34:56,romfile=",
            .. Firmware(firmware, folder), .. devices,
        ];
        // Where the test host itself is killed, the machine ends by its own limit.
        var start = new ProcessStartInfo("timeout", ["-k", "5", "1200", Program!, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var machine = new TestMachine(new Process { StartInfo = start });
        machine.process.OutputDataReceived += (_, e) => machine.Keep(e.Data);
        machine.process.ErrorDataReceived += (_, e) => machine.Keep(e.Data);
        machine.process.Start();
        machine.process.BeginOutputReadLine();
        machine.process.BeginErrorReadLine();
        return machine;
    }

    /// <summary>Kernel, initramfs and command line of the deploy environment, as a loader would pass them.</summary>
    public static string[] DirectBoot(string kernel, string initrd, Uri server) =>
    [
        "-kernel", kernel, "-initrd", initrd, "-append",
        $"netdeploy.url=http://10.0.2.2:{server.Port} netdeploy.deployment={FakeDeployServer.Deployment} "
        + $"netdeploy.token={FakeDeployServer.Token} BOOTIF=01-52-54-00-12-34-56 console=ttyS0,115200 quiet",
    ];

    public static string[] Nvme(string file) =>
        ["-drive", $"file={file},if=none,id=nvme0,format=raw,cache=unsafe", "-device", "nvme,drive=nvme0,serial=NVME0001"];

    public static string[] Megasas(string file) =>
    [
        "-drive", $"file={file},if=none,id=mega0,format=raw,cache=unsafe", "-device", "megasas,id=raid0",
        "-device", "scsi-hd,drive=mega0,bus=raid0.0,serial=MEGA0001",
    ];

    /// <summary>Waits for a task while the machine runs; on time-out or the machine's end shows its console.</summary>
    public async Task<T> WaitAsync<T>(Task<T> task, TimeSpan limit)
    {
        var ended = process.WaitForExitAsync();
        var first = await Task.WhenAny(task, ended, Task.Delay(limit));
        if (first == ended)
        {
            // A report that was sent just before the reboot may still be on its way through the server.
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromSeconds(2)));
        }

        return task.IsCompleted
            ? await task
            : throw new Xunit.Sdk.XunitException($"not seen within {limit} (machine ended: {ended.IsCompleted}); console:\n{Tail()}");
    }

    public async Task WaitForConsoleAsync(string text, TimeSpan limit)
    {
        var until = Stopwatch.StartNew();
        while (!Console.Contains(text, StringComparison.Ordinal))
        {
            if (until.Elapsed > limit)
            {
                throw new Xunit.Sdk.XunitException($"'{text}' not seen within {limit}; console:\n{Tail()}");
            }

            await Task.Delay(200);
        }
    }

    public async Task WaitForEndAsync(TimeSpan limit)
    {
        using var cancel = new CancellationTokenSource(limit);
        await process.WaitForExitAsync(cancel.Token);
    }

    public bool Running => !process.HasExited;

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static string[] Firmware(TestFirmware firmware, string folder)
    {
        if (firmware == TestFirmware.Bios)
        {
            return ["-machine", "q35"];
        }

        var secure = firmware == TestFirmware.SecureBoot;
        var kind = secure ? ".ms" : "";
        var variables = Path.Combine(folder, $"variables-{firmware}.fd");
        if (!File.Exists(variables))
        {
            File.Copy($"/usr/share/OVMF/OVMF_VARS_4M{kind}.fd", variables);
        }

        return
        [
            "-machine", secure ? "q35,smm=on" : "q35",
            .. secure ? (string[])["-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1"] : [],
            "-drive", $"if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M{kind}.fd",
            "-drive", $"if=pflash,format=raw,file={variables}",
        ];
    }

    private void Keep(string? line)
    {
        lock (console)
        {
            console.AppendLine(line);
        }
    }

    private string Tail()
    {
        var text = Console;
        return text.Length > 6000 ? text[^6000..] : text;
    }
}
