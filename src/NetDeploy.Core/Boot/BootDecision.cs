using System.Net;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Boot;

/// <summary>The language of a boot script.</summary>
public enum ScriptDialect
{
    Ipxe,
    Grub,
}

/// <summary>A file of the deploy environment.</summary>
public enum EnvironmentPart
{
    Kernel,
    Initrd,
}

/// <summary>What a booting machine gets.</summary>
public abstract record BootDecision
{
    private BootDecision()
    {
    }

    public sealed record Offer(BootOffer File) : BootDecision;

    /// <summary>An address and no boot file.</summary>
    public sealed record NoOffer(string Reason) : BootDecision;

    /// <summary>A file of the loader folder.</summary>
    /// <param name="FirstStage">True for what firmware itself loads: those are counted by the loop guard.</param>
    public sealed record Loader(string Name, bool FirstStage) : BootDecision;

    /// <summary>The deploy environment's kernel or initrd.</summary>
    public sealed record Environment(EnvironmentPart Part) : BootDecision;

    /// <summary>A file of a distribution's own installer.</summary>
    public sealed record InstallerFile(string Distro, string BuildId, string Name) : BootDecision;

    /// <summary>A script that starts the deploy environment or the distribution's installer, if the proposed transition becomes real.</summary>
    public sealed record DeployScript(ScriptDialect Dialect) : BootDecision;

    /// <summary>A script that starts the machine's own disk and says why.</summary>
    public sealed record LocalScript(ScriptDialect Dialect, string Reason) : BootDecision;

    /// <summary>A script that starts the deploy environment to wait and to tell what the machine is; it may change nothing.</summary>
    public sealed record HoldScript(ScriptDialect Dialect, string Reason) : BootDecision;

    /// <summary>A script with which iPXE asks again and says what its SMBIOS holds. GRUB knows nothing of that.</summary>
    public sealed record TellScript : BootDecision;

    /// <summary>TFTP ERROR 1, HTTP 404.</summary>
    public sealed record NotFound(string Reason) : BootDecision;

    /// <summary>The asker may not have it. TFTP ERROR 2, HTTP 403.</summary>
    public sealed record Refused(string Reason) : BootDecision;
}

/// <summary>A boot of the deployment that the store may make real.</summary>
/// <param name="Mac">Of the NIC that asks.</param>
public sealed record ProposedBoot(IPAddress Source, IdentityStrength Strength, MacAddress? Mac);

/// <param name="Proposed">Where set, the decision holds only if the deployment takes this boot.</param>
/// <param name="Alarm">Something an honest machine does not do, for the timeline.</param>
public sealed record BootPlan(BootDecision Decision, ProposedBoot? Proposed = null, string? Alarm = null);
