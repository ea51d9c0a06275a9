using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Enrolment;

namespace NetDeploy.Server.Deployments;

/// <summary>Machines that nobody declared, and those that a rule has just taken in.</summary>
internal sealed partial class BootDesk
{
    /// <summary>How long a script waits for an image that is only to be looked up.</summary>
    private static readonly TimeSpan ImagePatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ImagePoll = TimeSpan.FromMilliseconds(50);

    /// <summary>What the network does with newcomers, as far as it concerns this machine.</summary>
    private BootView ViewOf(NetworkSpecRef network, MachineMatch match, MacAddress? mac)
    {
        var view = BootView.Of(network, _options.HttpPort);
        if (_newcomers is not { Enroller: var enroller } || mac is not { } asking)
        {
            return view;
        }

        var name = network.Network.Name;
        return match switch
        {
            MachineMatch.Unknown => view with
            {
                AsksNewcomers = enroller.Asks(name),
                Judgement = enroller.Judge((Seen.Find(asking)?.Newcomer ?? new Newcomer(asking)) with { Network = name }),
            },
            MachineMatch.Found { Machine: var machine } when enroller.IsNew(machine) => view with
            {
                IsNewMachine = true,
                Reserved = enroller.ReservedFor(machine.Name),
                Judgement = enroller.Judge(new Newcomer(asking) { Network = name }),
            },
            _ => view,
        };
    }

    /// <summary>
    /// A newcomer becomes a machine where a rule says so, and a machine that was enrolled gets the one grant of its rule. An image that is there already
    /// is worth a moment: the machine then installs with this very boot.
    /// </summary>
    /// <returns>What to plan with now; null: as before.</returns>
    private async Task<(BootView View, MachineMatch Match)?> TakeInAsync(
        BootView view, MachineMatch match, MacAddress mac, Guid? uuid, Smbios? smbios, NetworkSpecRef network, Func<MachineMatch> find, CancellationToken cancellationToken)
    {
        if (_newcomers is not { Enroller: var enroller })
        {
            return null;
        }

        if (match is MachineMatch.Found { Machine: { DeploymentId: null } ungranted } && view.IsNewMachine)
        {
            await enroller.EnsureGrantAsync(ungranted, cancellationToken).ConfigureAwait(false);
        }
        else if (match is MachineMatch.Unknown)
        {
            var newcomer = Seen.Know(mac, known => known with { Network = network.Network.Name, Uuid = uuid ?? known.Uuid, Smbios = smbios ?? known.Smbios });
            var judged = await enroller.EnrolAsync(newcomer, enroller.Judge(newcomer), cancellationToken).ConfigureAwait(false);
            Seen.Judged(mac, judged);
            if (find() is not MachineMatch.Found)
            {
                return (view with { Judgement = judged }, match);
            }
        }
        else
        {
            return null;
        }

        match = find();
        if (match is MachineMatch.Found { Machine: var machine })
        {
            for (var waited = TimeSpan.Zero; waited < ImagePatience && DeploymentOf(match)?.State == DeploymentState.Preparing; waited += ImagePoll)
            {
                await Task.Delay(ImagePoll, cancellationToken).ConfigureAwait(false);
                match = _deployments.Machines.ById(machine.Id) is { } now && match is MachineMatch.Found found ? found with { Machine = now } : match;
            }
        }

        return (ViewOf(network, match, mac), match);
    }
}
