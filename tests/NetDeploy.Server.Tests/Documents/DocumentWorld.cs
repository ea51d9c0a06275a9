using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Profiles;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Deployments;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Documents;

/// <summary>A server's documents and what they are put in force for, over records that stay where it ends and starts again.</summary>
public abstract class DocumentWorld : IAsyncDisposable
{
    private protected const string Second = "52:54:00:00:00:02";

    private protected TemporaryFolder Folder { get; } = new();

    private protected ForwardingStore Store { get; } = new(new InMemoryRecordStore());

    private protected DocumentStore Documents { get; private set; } = null!;

    private protected DeploymentService Service { get; private set; } = null!;

    private protected SecretStore Secrets { get; private set; } = null!;

    private protected DocumentApplication Application { get; private set; } = null!;

    public async ValueTask DisposeAsync()
    {
        await (Application?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (Service?.DisposeAsync() ?? ValueTask.CompletedTask);
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task StartAsync()
    {
        Documents = TestDocuments.Open(Folder["documents"]);
        Service = await DeploymentService.StartAsync(
            Store, new BulkStore(Folder["bulk"]), new TokenMint(new byte[32]), new FakeOwners(), new DeploymentLimits(), TimeProvider.System, NullLogger.Instance);
        Secrets = TestDocuments.Secrets(Folder["secrets"]);
        Application = new DocumentApplication(Documents, Service, Secrets, [IPAddress.Parse("10.77.0.1")], TimeProvider.System, NullLogger.Instance);
        await Application.StartAsync(CancellationToken.None);
    }

    private protected async Task RestartAsync()
    {
        await Application.DisposeAsync();
        await Service.DisposeAsync();
        await StartAsync();
    }

    private protected Task<ApplyOutcome> ApplyAsync(params ImmutableArray<SourceText> texts) => Application.ApplyAsync(texts, null, prune: false, checkOnly: false, CancellationToken.None);

    private protected Task<RenderingState> RenderedAsync() => Application.RenderedAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
}
