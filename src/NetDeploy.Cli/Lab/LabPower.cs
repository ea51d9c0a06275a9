using NetDeploy.Cli.Lab.Supervision;
using NetDeploy.Core.Machines;
using NetDeploy.Server.Power;

namespace NetDeploy.Cli.Lab;

/// <summary>The power seam of a lab: its supervisor switches the blade that has the machine's MAC.</summary>
internal sealed class LabPower(string controlSocket) : IPower
{
    private readonly LabControl _control = new(controlSocket);

    public async Task<PowerResult> BootFromNetworkAsync(Machine machine, CancellationToken cancellationToken)
    {
        if (machine.Binding.Macs is not [var mac, ..])
        {
            return new PowerResult(false, $"{machine.Name} is bound to no MAC, so no blade of the lab is known for it. Remedy: netdeploy replace {machine.Name} --mac MAC");
        }

        try
        {
            await _control.CycleAsync(mac.ToString(), cancellationToken).ConfigureAwait(false);
            return new PowerResult(true, $"the lab powered {machine.Name} on, network boot first");
        }
        catch (Exception e) when (e is LabAbsentException or UserFault)
        {
            return new PowerResult(false, $"the lab did not power {machine.Name} on: {e.Message}");
        }
    }
}
