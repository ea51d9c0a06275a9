using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;

namespace NetDeploy.Core.Deployments;

/// <summary>What a token opens.</summary>
public enum TokenPhase
{
    /// <summary>The deploy environment's requests.</summary>
    Deploy,

    /// <summary>The installed system's report of itself, and of the tasks of its first boot.</summary>
    FirstBoot,
}

/// <summary>
/// The two tokens of one boot as the record keeps them: SHA-256 hashes in lower-case hex, and the nonce they are derived
/// from together with a key that is not in the store.
/// </summary>
public sealed record BootTokens(string Nonce, string DeployHash, string FirstBootHash);

/// <summary>The last boot of a deployment: the one whose tokens are valid.</summary>
/// <param name="Number">1 for the first; the boot id is <c>DEPLOYMENT.NUMBER</c>.</param>
/// <param name="Mark">Tells one power-on from the next; null where the server could not see it.</param>
/// <param name="Source">The address that fetched the script; the tokens are bound to it.</param>
/// <param name="Mac">Of the NIC that fetched it: all that is known of the NICs of a machine bound by its slot alone. Null in old records.</param>
public sealed record DeploymentBoot(int Number, string? Mark, IPAddress Source, DateTimeOffset FetchedAt, BootTokens Tokens, MacAddress? Mac = null);

/// <summary>What the deploy environment does now.</summary>
/// <param name="Percent">0 to 100; null where the step does not say.</param>
public sealed record DeploymentProgress(string Step, int? Percent, string? Detail);

/// <summary>One attempt to give one machine one recipe.</summary>
public sealed record Deployment
{
    public required string Id { get; init; }

    public required string MachineId { get; init; }

    /// <summary>The name at the time of the grant, for texts.</summary>
    public required string MachineName { get; init; }

    /// <summary>SHA-256 of the resolved recipe, hex.</summary>
    public required string RecipeHash { get; init; }

    /// <summary>The store's generation when it was made; tokens of another one are void.</summary>
    public required string Generation { get; init; }

    /// <summary>What the plan is rendered from: opaque here, at most 256 KiB, no secrets.</summary>
    public string? PlanInputs { get; init; }

    public string? ImageKey { get; init; }

    /// <summary>SHA-256 of the image, or the build id of the installer's boot files; known from <c>granted</c> on.</summary>
    public string? ImageId { get; init; }

    /// <summary>Set where the distribution's own installer does the work; null: the deploy environment does, from an image.</summary>
    public InstallerStart? Installer { get; init; }

    /// <summary>
    /// Set where a rule granted with nobody asked: the hardware that it took in. A boot may claim only after its inventory showed that hardware,
    /// since what the rule heard anyone on the segment could have said in the name of a bystander's NIC.
    /// </summary>
    public HardwareIdentity? Expected { get; init; }

    /// <summary>The boot whose inventory showed <see cref="Expected"/>.</summary>
    public string? RecognisedBootId { get; init; }

    public DeploymentState State { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? GrantedAt { get; init; }

    public DateTimeOffset? ClaimedAt { get; init; }

    public DateTimeOffset? WrittenAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The first boot-script fetch of the boot that claimed, or of the last one.</summary>
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>The last event that moved the deadline.</summary>
    public DateTimeOffset HeardAt { get; init; }

    /// <summary>Counts the events that moved the deadline: a timer armed for an earlier one is stale.</summary>
    public long Beat { get; init; }

    public DeploymentBoot? Boot { get; init; }

    /// <summary>The one boot that may write to the disk.</summary>
    public string? ClaimedBootId { get; init; }

    public IdentityStrength Strength { get; init; }

    public DeploymentProgress? Progress { get; init; }

    /// <summary>Why it ended otherwise than installed.</summary>
    public string? Reason { get; init; }

    /// <summary>SHA-256 of the uploaded log in the bulk store.</summary>
    public string? LogHash { get; init; }

    public ImmutableArray<string> HostKeys { get; init; } = [];

    /// <summary>The tasks of the first boot that were reported, in the order they came. Old records have none.</summary>
    public ImmutableArray<FirstBootTask> Tasks
    {
        get => field.IsDefault ? [] : field;
        init;
    } = [];

    /// <summary>BootOrder as read back after the boot loader was installed; UEFI only.</summary>
    public string? BootOrder { get; init; }

    /// <summary>Set by the store; a write names the revision it read.</summary>
    public long Revision { get; init; }

    /// <summary>Null before the first boot.</summary>
    public string? BootId => Boot is null ? null : $"{Id}.{Boot.Number}";
}
