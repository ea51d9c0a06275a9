using System.Collections.Immutable;
using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Lab.Blades;

/// <summary>How QEMU runs the blades' processors.</summary>
/// <param name="Name"><c>kvm</c> or <c>tcg</c>.</param>
internal sealed record Accelerator(string Name, ImmutableArray<string> Arguments)
{
    public static Accelerator Kvm { get; } = new("kvm", ["-accel", "kvm", "-cpu", "host"]);

    /// <summary>
    /// Emulation. Without la57 the kernel takes four-level page tables, which are walked faster; with cx16 QEMU 7.2
    /// crashed Debian's 6.12 kernel at every boot. The larger translation buffer spares retranslation while a kernel boots.
    /// </summary>
    public static Accelerator Tcg { get; } = new("tcg", ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,-la57,-cx16"]);

    /// <summary>
    /// KVM where a guest really runs on it. A /dev/kvm that opens proves nothing: on some hosts it makes virtual
    /// machines and then cannot run their processors. So SeaBIOS is run to its end, which takes half a second.
    /// </summary>
    public static async Task<Accelerator> ProbeAsync(ICommandRunner commands, CancellationToken cancellationToken = default)
    {
        if (!File.Exists("/dev/kvm"))
        {
            return Tcg;
        }

        var log = Path.GetTempFileName();
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var run = commands.RunAsync(
                [QemuArguments.Program, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc", .. Kvm.Arguments, "-m", "32",
                    "-debugcon", $"file:{log}", "-global", "isa-debugcon.iobase=0x402"],
                TimeSpan.FromSeconds(5),
                stop.Token);
            while (!run.IsCompleted)
            {
                await Task.WhenAny(run, Task.Delay(50, cancellationToken)).ConfigureAwait(false);
                if ((await File.ReadAllTextAsync(log, cancellationToken).ConfigureAwait(false)).Contains("No bootable device", StringComparison.Ordinal))
                {
                    await stop.CancelAsync().ConfigureAwait(false);
                    await run.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
                    return Kvm;
                }
            }

            await run.ConfigureAwait(false);
            return Tcg;
        }
        finally
        {
            File.Delete(log);
        }
    }
}
