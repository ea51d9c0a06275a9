using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Power;

/// <summary>No remote control: the operator presses the button.</summary>
public sealed class ManualPower : IPower
{
    public Task<PowerResult> BootFromNetworkAsync(Machine machine, CancellationToken cancellationToken) =>
        Task.FromResult(new PowerResult(false, Instruction(machine)));

    public static string Instruction(Machine machine)
    {
        var which = machine.Binding.Macs.IsDefaultOrEmpty ? "" : $" (MAC {string.Join(", ", machine.Binding.Macs)})";
        return $"Power on {machine.Name}{which}, or restart it; it must boot from the network first.";
    }
}
