using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Secrets;
using NetDeploy.Core.Targets;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Images;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Boot;

/// <summary>Serves a deployment its plan and an installer's answers, rendered from the pinned recipe, and its image.</summary>
internal sealed class DeploymentPlans(DeploymentService deployments, BulkStore bulk, ImageStore images, SecretStore secrets, ILogger logger)
{
    /// <summary>What NetDeploy's part on the machine executes.</summary>
    public Task<IResult> PlanAsync(Caller caller, HttpRequest request, CancellationToken cancellationToken) =>
        RenderAsync(caller, request, TargetCatalog.RenderPlan, "plan", "text/x-shellscript; charset=utf-8", cancellationToken);

    /// <summary>The answers of the distribution's installer.</summary>
    public Task<IResult> AnswersAsync(Caller caller, HttpRequest request, CancellationToken cancellationToken) =>
        RenderAsync(caller, request, TargetCatalog.Render, "answers", "text/plain; charset=utf-8", cancellationToken);

    private async Task<IResult> RenderAsync(
        Caller caller, HttpRequest request, Func<Recipe, PlanContext, Result<RenderedFile>> render, string what, string contentType, CancellationToken cancellationToken)
    {
        var (deployment, firstBootToken, refusal) = await deployments.OpenForPlanAsync(caller, cancellationToken).ConfigureAwait(false);
        if (deployment is null)
        {
            return DeployRoutes.Text(refusal!, StatusCodes.Status409Conflict);
        }

        try
        {
            var (_, recipe) = await PinnedRecipe.ResolveAsync(bulk, deployment.PlanInputs!, deployment.RecipeHash, cancellationToken).ConfigureAwait(false);
            using var image = deployment.Installer is null ? images.Open(deployment.ImageId!) : null;
            var machine = deployments.Machines.ById(deployment.MachineId)!;
            var rendered = render(recipe, new PlanContext
            {
                Deployment = deployment.Id,
                ServerUrl = UrlOf(request.HttpContext.Connection),
                ImageSha256 = deployment.ImageId!,
                ImageLength = image?.Length ?? 0,
                ComponentsSuite = deployment.Installer?.ComponentsSuite,
                FirstBootToken = new Secret("first-boot-token", deployment.Boot!.Number, firstBootToken!),
                BootMac = machine.Binding.Macs is [var first, ..] ? first : deployment.Boot.Mac,
                Strength = deployment.Strength,
                Secrets = secrets.Reveal(),
            });
            if (rendered.Value is not { } plan)
            {
                throw new ServerFault($"The {what} cannot be rendered: {rendered.Diagnostics.First(d => d.Severity == Severity.Error)}", "Mend that, release the machine and deploy it again.");
            }

            // What is kept is the form without secrets, and the hash of the bytes that went out.
            var kept = await bulk.AddAsync(System.Text.Encoding.UTF8.GetBytes(plan.Redacted), cancellationToken).ConfigureAwait(false);
            deployments.Note(machine.Id, TimelineNote.Of("plan", TimelineSeverity.Info, $"{what} served, SHA-256 {plan.Sha256[..12]}, kept without secrets as {kept[..12]}"));
            return new PlainText(plan.Reveal(), StatusCodes.Status200OK, contentType);
        }
        catch (Exception e) when (e is ServerFault or FileNotFoundException)
        {
            BootLog.PlanFailed(logger, deployment.MachineName, deployment.Id, e.Message);
            deployments.Note(deployment.MachineId, TimelineNote.Of("plan", TimelineSeverity.Alarm, e.Message));
            // No 5xx: that is asked for again, and what is pinned will not change.
            return DeployRoutes.Text(e.Message, StatusCodes.Status409Conflict);
        }
    }

    public async Task<IResult> ImageAsync(Caller caller, HttpRequest request, CancellationToken cancellationToken)
    {
        var (deployment, _, refusal) = await deployments.OpenForPlanAsync(caller, cancellationToken).ConfigureAwait(false);
        if (deployment is not { Installer: null })
        {
            return DeployRoutes.Text(refusal ?? "the deployment is the installer's, and has no image", StatusCodes.Status409Conflict);
        }

        try
        {
            return TypedResults.File(images.Open(deployment.ImageId!), "application/zstd", enableRangeProcessing: true);
        }
        catch (FileNotFoundException e)
        {
            BootLog.PlanFailed(logger, deployment.MachineName, deployment.Id, e.Message);
            return DeployRoutes.Text($"image {deployment.ImageId} is gone from the server", StatusCodes.Status409Conflict);
        }
    }

    /// <summary>Where this request arrived. Its Host header is the sender's word, and HTTP/1.0 needs none.</summary>
    private static Uri UrlOf(ConnectionInfo connection)
    {
        var address = connection.LocalIpAddress ?? throw new InvalidOperationException("A boot request came over no network.");
        return new Uri($"http://{new IPEndPoint(address.Plain(), connection.LocalPort)}");
    }
}
