using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Deployments;

/// <summary>What a request came to: a value, or the reason and remedy why not.</summary>
public sealed record CommandResult<T>(T? Value, Refusal? Refusal)
    where T : class
{
    public bool Ok => Refusal is null;
}

/// <summary>The part of a machine that comes from its document; the rest of the record is the server's.</summary>
/// <param name="Binding">The hardware that the document names; null: it says nothing, and the machine keeps what it has.</param>
/// <param name="Addresses">Null: its documents give no clear answer now, and the machine keeps what it has.</param>
public sealed record MachineDraft(
    string Name,
    MachineKind Kind,
    Binding? Binding,
    ImmutableArray<IPAddress>? Addresses,
    bool Protected);

/// <summary>What a deployment is given.</summary>
/// <param name="PlanInputs">Opaque text that the plan is rendered from, at most 256 KiB, no secrets.</param>
/// <param name="Installer">Set for the method installer, which needs no image.</param>
/// <param name="ImageId">Null starts it in <c>preparing</c>; <see cref="DeploymentService.ImageReadyAsync"/> goes on.</param>
/// <param name="OnlyFirst">Refused where the machine ever had a deployment: what a rule grants, it grants once, and to the hardware that it saw.</param>
public sealed record GrantRequest(
    string MachineName, string RecipeHash, string? PlanInputs, string? ImageKey, string? ImageId, string By, bool OnlyFirst = false,
    InstallerStart? Installer = null);

/// <summary>A request's sender after its token was checked.</summary>
public sealed record Caller(string DeploymentId, string MachineId, string MachineName, TokenPhase Phase, string BootId, IPAddress Source);

/// <summary>Null <see cref="Caller"/>: HTTP 403 with the reason.</summary>
public sealed record Authentication(Caller? Caller, string? Refusal);

/// <summary>The tokens of a boot that may start the deploy environment, in text: for the script and the plan only, never kept.</summary>
public sealed record BootGrant(Deployment Deployment, string DeployToken)
{
    public override string ToString() => $"BootGrant {Deployment.BootId}, token ***";
}

/// <summary>What <see cref="DeploymentService.BootAsync"/> found: exactly one of the three is set.</summary>
public sealed record BootScriptResult(BootGrant? Deploy, string? LocalReason, string? Refusal);
