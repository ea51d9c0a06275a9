using System.Diagnostics;
using NetDeploy.Cli.Lab.Blades;
using NetDeploy.Cli.Lab.Net;
using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Client;

namespace NetDeploy.Cli.Lab;

/// <summary>Follows one blade from its deploy order to a proven login, and says why where it does not get there.</summary>
internal sealed class LabDeployment(LabOptions options, ILabServer server, LabControl control, SshCheck ssh, ILabDisplay display)
{
    private static readonly TimeSpan SshLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly HashSet<string> Ended = ["expired", "cancelled", "failed", "stuck", "quarantined"];

    /// <param name="name">The machine's name, which is the blade's but where a rule named it.</param>
    /// <param name="order">The deploy or replace order.</param>
    /// <param name="rebuilt">True in a drill.</param>
    public async Task<LabMachineResult> RunAsync(string blade, string name, Func<CancellationToken, Task<DeployResult>> order, bool rebuilt, CancellationToken cancellationToken)
    {
        var result = await NewAsync(blade, cancellationToken).ConfigureAwait(false) with { Name = name, Blade = name == blade ? null : blade, Rebuilt = rebuilt ? true : null };
        return await ToLoginAsync(blade, result, async () =>
        {
            var before = await server.TimelineAsync(name, 0, TimeSpan.Zero, cancellationToken).ConfigureAwait(false) is [.., var last] ? last.Sequence : 0;
            // The server may power the blade on before it answers.
            var orderedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            var ordered = await order(cancellationToken).ConfigureAwait(false);
            return new Order(result, ordered.DeploymentId, before, orderedAt);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A blade that nobody named: switched on, it becomes a machine by the server's rule, and is deployed by it.</summary>
    public async Task<LabMachineResult> EnrolAsync(string blade, CancellationToken cancellationToken)
    {
        var result = await NewAsync(blade, cancellationToken).ConfigureAwait(false);
        return await ToLoginAsync(blade, result, async () =>
        {
            var orderedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            var lab = await control.CycleAsync(blade, cancellationToken).ConfigureAwait(false);
            display.Show(blade, new LabStation(LabPhase.PowerOn));
            var machine = await EnrolledAsync(blade, Blade(lab, blade).Hardware.Identity.Mac, cancellationToken).ConfigureAwait(false);
            display.Say($"{blade} was enrolled as {machine.Name} by {machine.EnrolledBy}");
            return new Order(result with { Name = machine.Name, Blade = blade, EnrolledBy = machine.EnrolledBy }, machine.DeploymentId!, 0, orderedAt);
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<LabMachineResult> NewAsync(string blade, CancellationToken cancellationToken) =>
        new(blade, FirmwareOf(await control.StateAsync(cancellationToken).ConfigureAwait(false), blade), options.Distro, options.Method, "new", null, false);

    /// <summary>The machine that has this MAC, once it has its deployment.</summary>
    private async Task<MachineView> EnrolledAsync(string blade, string mac, CancellationToken cancellationToken)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            var list = await server.MachinesAsync(cancellationToken).ConfigureAwait(false);
            if (list.Machines.FirstOrDefault(m => m.Macs.Contains(mac)) is { DeploymentId: not null } machine)
            {
                return machine;
            }

            if (clock.Elapsed > options.DeploymentLimit)
            {
                throw new LabFailure($"not enrolled {options.DeploymentLimit.TotalMinutes:0} min after power-on: {list.Unknown.FirstOrDefault(u => u.Mac == mac)?.Reason ?? "it was not seen asking"}");
            }

            var lab = await control.StateAsync(cancellationToken).ConfigureAwait(false);
            if (lab.Children.FirstOrDefault(c => c.ExitCode is not null) is { } child)
            {
                throw new LabFailure($"the {child.Name} ended with exit code {child.ExitCode}; its log is {options.Folder.Log(child.Name)}");
            }

            if (!Blade(lab, blade).On)
            {
                throw new LabFailure($"{blade} powered itself off before it was enrolled");
            }

            await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<LabMachineResult> ToLoginAsync(string blade, LabMachineResult result, Func<Task<Order>> start, CancellationToken cancellationToken)
    {
        var rebuilt = result.Rebuilt is true;
        try
        {
            var order = await start().ConfigureAwait(false);
            result = order.Result;
            display.Show(blade, new LabStation(LabPhase.Waiting));
            var machine = await FollowAsync(blade, result.Name, order.Before, order.At, cancellationToken).ConfigureAwait(false);
            result = result with { State = machine.State, Distro = machine.Distro ?? result.Distro };

            display.Show(blade, new LabStation(LabPhase.Login));
            if (machine.Address is not { } address)
            {
                throw new LabFailure($"{result.Name} is installed, but its address is unknown");
            }

            var proof = await ssh.RunAsync(new SshTarget(result.Name, address, machine.HostKeys, order.DeploymentId), SshLimit * options.Blades, cancellationToken).ConfigureAwait(false);
            if (!proof.Reached)
            {
                throw new LabFailure(proof.Reason!);
            }

            if (options.Mode == LabMode.Proxy && !LabMainServer.Leased(options.Folder.MainLeases, address))
            {
                throw new LabFailure($"{blade} was reached at {address}, which the main DHCP server {LabMainServer.Address} did not lease");
            }

            var poweredOn = Blade(await control.StateAsync(cancellationToken).ConfigureAwait(false), blade).PoweredOnAt!.Value;
            result = result with { Ssh = true, Address = address, AddressFrom = options.Mode == LabMode.Proxy ? LabMainServer.Address : LabNetwork.ServerAddress, Seconds = Math.Round((DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - poweredOn) / 1000.0, 1) };
        }
        catch (LabFailure e)
        {
            result = result with { State = e.State ?? result.State, Reason = e.Message, Rebuilt = rebuilt ? false : null };
        }
        catch (NetDeployApiException e)
        {
            result = result with { Reason = $"{e.Message} {e.Remedy}".TrimEnd(), Rebuilt = rebuilt ? false : null };
        }

        display.End(result);
        return result;
    }

    /// <summary>Returns the installed machine.</summary>
    /// <exception cref="LabFailure">Its deployment ended otherwise, a time limit passed, or the server or the blade is gone.</exception>
    private async Task<MachineView> FollowAsync(string blade, string name, long after, long orderedAt, CancellationToken cancellationToken)
    {
        var station = new LabStation(LabPhase.Waiting);
        var clock = Stopwatch.StartNew();
        TimeSpan? poweredOn = null;
        while (true)
        {
            foreach (var entry in await server.TimelineAsync(name, after, Poll, cancellationToken).ConfigureAwait(false))
            {
                after = Math.Max(after, entry.Sequence);
                station = station.After(entry);
            }

            var machine = await server.MachineAsync(name, cancellationToken).ConfigureAwait(false);
            var lab = await control.StateAsync(cancellationToken).ConfigureAwait(false);
            var hardware = Blade(lab, blade);
            if (hardware.PoweredOnAt >= orderedAt)
            {
                poweredOn ??= clock.Elapsed;
                station = station.Phase < LabPhase.PowerOn ? new LabStation(LabPhase.PowerOn) : station;
            }

            display.Show(blade, station);
            if (machine.State == "installed" && poweredOn is not null)
            {
                return machine;
            }

            Check(blade, machine, lab, hardware, station, clock.Elapsed, poweredOn);
        }
    }

    private void Check(string blade, MachineView machine, LabState lab, BladeState hardware, LabStation station, TimeSpan elapsed, TimeSpan? poweredOn)
    {
        if (Ended.Contains(machine.State))
        {
            throw new LabFailure($"{machine.State}: {machine.Reason ?? "no reason was given"}", machine.State);
        }

        if (lab.Children.FirstOrDefault(c => c.ExitCode is not null) is { } child)
        {
            throw new LabFailure($"the {child.Name} ended with exit code {child.ExitCode}; its log is {options.Folder.Log(child.Name)}", machine.State);
        }

        if (poweredOn is { } on)
        {
            if (!hardware.On)
            {
                throw new LabFailure($"{blade} powered itself off at the station '{station.Text}'", machine.State);
            }

            if (elapsed - on > options.WholeDeploymentLimit)
            {
                throw new LabFailure($"not installed {options.WholeDeploymentLimit.TotalMinutes:0} min after power-on; it got to the station '{station.Text}'", machine.State);
            }
        }
        else if (elapsed > options.PreparationLimit)
        {
            throw new LabFailure($"not powered on {options.PreparationLimit.TotalMinutes:0} min after the order; the machine is '{machine.State}': {machine.Step ?? machine.Reason ?? "nothing reported"}", machine.State);
        }
    }

    private static BladeState Blade(LabState lab, string name) => lab.Blades.First(b => b.Hardware.Name == name);

    private static string FirmwareOf(LabState lab, string name) => FirmwareWords.Of(Blade(lab, name).Hardware.Firmware);

    /// <param name="Before">The last entry of the timeline from before the order.</param>
    private sealed record Order(LabMachineResult Result, string DeploymentId, long Before, long At);

    private sealed class LabFailure(string message, string? state = null) : Exception(message)
    {
        public string? State { get; } = state;
    }
}
