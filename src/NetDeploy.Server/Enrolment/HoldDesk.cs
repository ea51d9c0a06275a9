using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;

namespace NetDeploy.Server.Enrolment;

/// <summary>What a held machine is told: <see cref="Wait"/>, <see cref="Reboot"/> or <see cref="Tell"/>, and why.</summary>
internal sealed record HoldAnswer(string Word, string Text)
{
    public const string Wait = "wait";
    public const string Reboot = "reboot";

    /// <summary>The server knows nothing of its hardware: send the inventory.</summary>
    public const string Tell = "inventory";
}

/// <summary>
/// The machines that wait in the deploy environment. Their token lets them tell what they are and ask whether to wait: what they get by asking is
/// at most a reboot into what the planner decides.
/// </summary>
internal sealed class HoldDesk(DeploymentService deployments, Enroller enroller, SeenMachines seen, HeldMachines held, IAddressOwners owners, TokenMint mint, ILogger logger)
{
    public HeldMachines Held => held;

    /// <summary>For the script of a machine that is to wait.</summary>
    public string TokenFor(MacAddress mac, string reason)
    {
        held.Hear(mac);
        EnrolmentLog.Held(logger, mac, reason);
        return mint.HoldToken(deployments.Generation, mac);
    }

    /// <summary>Null where the token opens this; else why it does not.</summary>
    public string? Refuse(MacAddress mac, string? bearer, IPAddress source)
    {
        var expected = Encoding.ASCII.GetBytes(mint.HoldToken(deployments.Generation, mac));
        if (bearer is null || !CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(bearer)))
        {
            return "the token does not open this";
        }

        var refusal = owners.OwnerOf(source) switch
        {
            { Mac: { } owner } other when owner != mac => $"{source} is {other.Words}",
            { Ownership: AddressOwnership.Nobody } => $"{source} is leased to nobody",
            _ => null,
        };
        if (refusal is not null && deployments.Machines.Match(new HardwareClues(mac)) is MachineMatch.Found { Machine: var machine })
        {
            deployments.Note(machine.Id, TimelineNote.Of("refused", TimelineSeverity.Alarm, $"asked in the name of {mac} while it is held: {refusal}"));
        }

        return refusal;
    }

    public void Inventory(MacAddress mac, string network, List<KeyValuePair<string, string>> inventory)
    {
        var kept = held.Tell(mac, inventory);
        seen.Know(mac, newcomer => newcomer with
        {
            Network = network,
            Uuid = Guid.TryParse(kept.First("uuid"), out var uuid) ? uuid : newcomer.Uuid,
            Smbios = Smbios.Of(kept.First("vendor"), kept.First("product"), kept.First("serial"), newcomer.Smbios?.Asset),
        });
    }

    public async Task<HoldAnswer> AskAsync(MacAddress mac, string network, CancellationToken cancellationToken)
    {
        var waiting = held.Hear(mac);
        if (waiting.Inventory.IsEmpty)
        {
            return new(HoldAnswer.Tell, "say what this machine is");
        }

        var newcomer = seen.Know(mac, known => known with { Network = network });
        var answer = deployments.Machines.Match(new HardwareClues(mac, newcomer.Uuid)) switch
        {
            MachineMatch.Found found => await KnownAsync(found.Machine, cancellationToken).ConfigureAwait(false),
            MachineMatch.Conflict conflict => new(HoldAnswer.Wait, $"conflicting bindings: {conflict.Reason}"),
            _ => await UnknownAsync(newcomer, cancellationToken).ConfigureAwait(false),
        };
        if (answer.Word == HoldAnswer.Reboot)
        {
            held.Leave(mac);
        }

        return answer;
    }

    private async Task<HoldAnswer> UnknownAsync(Newcomer newcomer, CancellationToken cancellationToken)
    {
        var judged = await enroller.EnrolAsync(newcomer, enroller.Judge(newcomer), cancellationToken).ConfigureAwait(false);
        seen.Judged(newcomer.Mac, judged);
        return deployments.Machines.Match(new HardwareClues(newcomer.Mac, newcomer.Uuid)) is MachineMatch.Found found
            ? await KnownAsync(found.Machine, cancellationToken).ConfigureAwait(false)
            : judged.Policy == UnknownMachines.Hold
                ? new(HoldAnswer.Wait, $"{judged.Why}. To take it in: netdeploy adopt {newcomer.Mac} NAME --profile P --distro D")
                : new(HoldAnswer.Reboot, $"{judged.Why}, and its network holds no machines any more");
    }

    private async Task<HoldAnswer> KnownAsync(Machine machine, CancellationToken cancellationToken)
    {
        await enroller.EnsureGrantAsync(machine, cancellationToken).ConfigureAwait(false);
        machine = deployments.Machines.ById(machine.Id) ?? machine;
        if (machine.Quarantine is { } quarantine)
        {
            return new(HoldAnswer.Wait, $"{machine.Name} is in quarantine: {quarantine.Reason}. To go on: netdeploy release {machine.Name}");
        }

        var deployment = deployments.Current(machine.Id);
        return deployment?.State switch
        {
            null => new(HoldAnswer.Wait, $"it is {machine.Name} now. To install it: netdeploy deploy {machine.Name}"),
            DeploymentState.Preparing => new(HoldAnswer.Wait, $"it is {machine.Name} now, and waits for its image"),
            DeploymentState.Granted or DeploymentState.Booting => new(HoldAnswer.Reboot, $"it is {machine.Name} now, and gets its system"),
            DeploymentState.Installed => new(HoldAnswer.Reboot, $"{machine.Name} is installed"),
            { } state when state.IsTerminal() => new(
                HoldAnswer.Wait, $"{machine.Name}: its deployment is {state.Word()}{(deployment.Reason is { } reason ? $", {reason}" : "")}. To try again: netdeploy deploy {machine.Name}"),
            { } state => new(HoldAnswer.Wait, $"{machine.Name}: its deployment is {state.Word()}"),
        };
    }
}
