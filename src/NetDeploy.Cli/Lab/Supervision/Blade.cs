using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>A blade in its slot: one QEMU process while it is on. A reboot of the guest is a reset inside that process.</summary>
internal sealed class Blade(BladeHardware hardware, BladeFiles files, string qemuLog, LabNetwork network, ChildSpawner spawner, Accelerator accelerator, ILogger logger) : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _switch = new(1, 1);
    private Process? _process;
    private ProcessIdentity? _identity;
    private long? _poweredOnAt;
    private Process? _tpm;

    public BladeHardware Hardware { get; private set; } = hardware;

    /// <summary>Raised when the power went on or off, by whomever: a guest can power itself off.</summary>
    public event Action? Changed;

    public BladeState State => new(Hardware, _identity is not null, _poweredOnAt, _identity, files.Console);

    /// <summary>True where the name or the MAC is this blade's.</summary>
    public bool Is(string nameOrMac) =>
        string.Equals(nameOrMac, Hardware.Name, StringComparison.Ordinal)
        || string.Equals(nameOrMac, Hardware.Identity.Mac, StringComparison.OrdinalIgnoreCase);

    /// <summary>A cold boot; nothing where it is on.</summary>
    public Task PowerOnAsync(CancellationToken cancellationToken) => SwitchAsync(OnAsync, cancellationToken);

    /// <summary>Pulls the plug; nothing where it is off.</summary>
    public Task PowerOffAsync(CancellationToken cancellationToken) => SwitchAsync(OffAsync, cancellationToken);

    /// <summary>Off and on: a cold boot, whatever it does now.</summary>
    public Task CycleAsync(CancellationToken cancellationToken) => SwitchAsync(
        async token =>
        {
            await OffAsync(token).ConfigureAwait(false);
            await OnAsync(token).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Other hardware in the same slot, powered off: new MAC, UUID and serial, empty disk, factory firmware variables.</summary>
    public Task RenewAsync(CancellationToken cancellationToken) => SwitchAsync(
        async token =>
        {
            await OffAsync(token).ConfigureAwait(false);
            var old = Hardware.Identity.Mac;
            Hardware = Hardware.Renewed();
            files.MakeNew(Hardware);
            _poweredOnAt = null;
            logger.Renewed(Hardware.Name, old, Hardware.Identity.Mac);
        },
        cancellationToken);

    public void Dispose()
    {
        _switch.Dispose();
        _process?.Dispose();
        _tpm?.Dispose();
    }

    private async Task SwitchAsync(Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        await _switch.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await action(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _switch.Release();
        }

        Changed?.Invoke();
    }

    private async Task OnAsync(CancellationToken cancellationToken)
    {
        if (_identity is not null)
        {
            return;
        }

        foreach (var tap in Hardware.MorePorts.Select(p => p.Tap).Prepend(Hardware.Tap))
        {
            await network.AddTapAsync(tap, cancellationToken).ConfigureAwait(false);
        }

        File.Delete(files.Qmp);
        await File.AppendAllTextAsync(files.Console, string.Create(CultureInfo.InvariantCulture, $"\n--- power on {DateTimeOffset.UtcNow:O}\n"), cancellationToken).ConfigureAwait(false);

        if (Hardware.Tpm)
        {
            _tpm?.Dispose();
            _tpm = await SoftwareTpm.StartAsync(files, spawner, qemuLog, cancellationToken).ConfigureAwait(false);
        }

        var process = await spawner.StartAsync(network.Inside(QemuArguments.For(Hardware, files, accelerator)), qemuLog).ConfigureAwait(false);
        _process = process;
        _identity = ProcessIdentity.Of(process.Id);
        _poweredOnAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        _ = WatchAsync(process);
        await WaitForQmpAsync(process, cancellationToken).ConfigureAwait(false);
        logger.PoweredOn(Hardware.Name, Hardware.Identity.Mac, process.Id);
    }

    /// <summary>QEMU checks its command line and its files before it listens: who answers runs.</summary>
    private async Task WaitForQmpAsync(Process process, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var qmp = await QmpClient.ConnectAsync(files.Qmp, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                if (process.HasExited || clock.Elapsed > StartLimit)
                {
                    var said = File.Exists(qemuLog) ? File.ReadLines(qemuLog).LastOrDefault() : null;
                    throw new UserFault($"{Hardware.Name} does not power on: {said ?? e.Message}", $"QEMU's own words are in {qemuLog}.");
                }
            }

            await Task.Delay(50, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task OffAsync(CancellationToken cancellationToken)
    {
        if (_identity is not { } running || _process is not { } process)
        {
            return;
        }

        try
        {
            using var qmp = await QmpClient.ConnectAsync(files.Qmp, cancellationToken).ConfigureAwait(false);
            await qmp.QuitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // It is ending by itself, or it does not listen: the signals below do what is left.
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await running.EndAsync(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }

        Ended(process);
    }

    private async Task WatchAsync(Process process)
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        Ended(process);
        Changed?.Invoke();
    }

    private void Ended(Process process)
    {
        // A blade that was cycled has another process by now.
        if (Interlocked.CompareExchange(ref _process, null, process) == process)
        {
            _identity = null;
            logger.PoweredOff(Hardware.Name);
        }
    }
}
