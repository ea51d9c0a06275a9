using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Deployments;

/// <summary>Everything that can happen to a deployment.</summary>
public abstract record DeploymentEvent
{
    private DeploymentEvent()
    {
    }

    /// <summary>The image is there: the grant begins.</summary>
    public sealed record ImageReady(string ImageId) : DeploymentEvent;

    /// <summary>The image could not be built; the machine was not touched.</summary>
    public sealed record PreparationFailed(string Reason) : DeploymentEvent;

    /// <summary>The machine asks what to boot.</summary>
    /// <param name="BootMark">Equal for two fetches of one power-on; null where the server cannot tell.</param>
    /// <param name="Fresh">Tokens for boot number <c>Boot.Number + 1</c>, used only when this is a new boot.</param>
    public sealed record BootScriptFetched(IPAddress Source, string? BootMark, IdentityStrength Strength, BootTokens Fresh, MacAddress? Mac = null) : DeploymentEvent;

    /// <summary>The machine asks to write. The boot id comes from its token, never from its words.</summary>
    public sealed record ClaimRequested(string BootId, string Disks) : DeploymentEvent;

    /// <summary>The machine described itself.</summary>
    public sealed record InventoryReported(string BootId, Guid? Uuid = null, string? Serial = null) : DeploymentEvent;

    public sealed record ProgressReported(string BootId, DeploymentProgress Progress) : DeploymentEvent;

    public sealed record HostKeysReported(string BootId, ImmutableArray<string> Keys) : DeploymentEvent;

    public sealed record WrittenReported(string BootId, string? BootOrder, int? Seconds) : DeploymentEvent;

    /// <summary>The new system runs; its token is of the phase <c>first-boot</c>.</summary>
    public sealed record FirstBootReported(string BootId, string? Kernel, string? HostName, string? Address, ImmutableArray<string> HostKeys) : DeploymentEvent;

    /// <summary>A task of the first boot ended.</summary>
    /// <param name="Output">Its last lines.</param>
    public sealed record TaskReported(string BootId, FirstBootTask Task, string Output) : DeploymentEvent;

    public sealed record FailureReported(string BootId, string Step, string Reason) : DeploymentEvent;

    /// <summary>Evidence; it usually follows the failure, so it is kept in a terminal state too.</summary>
    public sealed record LogUploaded(string BootId, string Hash, long Bytes) : DeploymentEvent;

    /// <summary>The deadline armed for this <see cref="Deployment.Beat"/> passed.</summary>
    public sealed record DeadlinePassed(long Beat) : DeploymentEvent;

    public sealed record CancelRequested(string By) : DeploymentEvent;

    /// <summary>The store is a restored copy: its open grants and tokens are void.</summary>
    public sealed record GenerationChanged(string Generation) : DeploymentEvent;
}
