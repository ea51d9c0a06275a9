using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Power;

/// <summary>What came of a request to power.</summary>
/// <param name="Done">False where a person has to act.</param>
/// <param name="Text">What was done, or what the operator has to do.</param>
public sealed record PowerResult(bool Done, string Text);

/// <summary>How machines are switched on to boot from the network once. One implementation per kind of hardware control.</summary>
public interface IPower
{
    /// <summary>Restarts the machine into its network boot, whatever it does now.</summary>
    Task<PowerResult> BootFromNetworkAsync(Machine machine, CancellationToken cancellationToken);
}
