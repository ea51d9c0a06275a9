using Microsoft.Extensions.Logging;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Images;
using NetDeploy.Server.Power;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Tests.Images;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>What comes of an order whose preparation meets trouble: the machine always says why.</summary>
public sealed class DeployOrdersTests : IAsyncDisposable, IPower, ILogger
{
    private const string Name = "blade1";
    private const string Hash = "$6$saltsalt$hashhashhashhash";
    private readonly TemporaryFolder _folder = new();
    private readonly SpoolFixture _spool = new();
    private readonly List<Exception> _logged = [];
    private DeploymentService? _service;
    private DeployOrders? _orders;

    private Func<PowerResult> Power { get; set; } = () => new PowerResult(true, "switched on");

    private Deployment Current => _service!.Current(_service.Machines.ByName(Name)!.Id)!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_that_is_there_makes_a_grant_and_switches_the_machine_on()
    {
        await StartAsync();
        await DeployAsync();
        await BuiltAsync();
        await UntilAsync(() => Current.State == DeploymentState.Granted);
        Assert.Contains(Current.ImageId!, await File.ReadAllTextAsync(_spool.Spool.PinFile, Cancelled), StringComparison.Ordinal);
        await UntilTimelineAsync(TimelineSeverity.Info, "switched on");
    }

    [Fact]
    public async Task A_fault_that_nobody_foresaw_ends_the_preparation_with_its_reason()
    {
        await StartAsync();
        await DeployAsync();
        await RequestedAsync();
        foreach (var request in Directory.GetFiles(_spool.Spool.QueueFolder, "*.json"))
        {
            File.Delete(request);
        }

        await UntilAsync(() => Current.State == DeploymentState.Failed);
        Assert.Contains("was not requested", Current.Reason, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(Assert.Single(_logged));
        Assert.Null(_service!.Machines.ByName(Name)!.Quarantine);
    }

    [Fact]
    public async Task An_image_removed_before_it_was_pinned_makes_no_grant()
    {
        // The worker removes it when the pins that would keep it are about to be written.
        await StartAsync(() =>
        {
            var pins = _service!.PinnedImages();
            foreach (var id in pins)
            {
                File.Delete(_spool.Spool.BlobFile(id));
            }

            return pins;
        });
        await DeployAsync();
        await BuiltAsync();
        await UntilAsync(() => Current.State == DeploymentState.Failed);
        Assert.Null(Current.GrantedAt);
        Assert.Contains("Request its recipe's image again", Current.Reason, StringComparison.Ordinal);
        Assert.Empty(_service!.PinnedImages());
    }

    [Fact]
    public async Task A_power_control_that_breaks_leaves_the_grant_and_tells_a_person_what_to_do()
    {
        Power = () => throw new InvalidOperationException("The management controller hung up.");
        await StartAsync();
        await DeployAsync();
        await BuiltAsync();
        await UntilTimelineAsync(TimelineSeverity.Warning, "hung up. Next: boot it from the network by hand");
        Assert.Equal(DeploymentState.Granted, Current.State);
        Assert.Single(_logged);
    }

    [Theory]
    [InlineData(false, Hash, "no Network document", false)]
    [InlineData(true, null, "there is no secret 'root-hash'", true)]
    [InlineData(true, "plainvalue", "the secret 'root-hash' is no password hash", true)]
    public async Task What_would_leave_the_machine_without_an_answer_refuses_the_order(bool network, string? secret, string why, bool told)
    {
        await StartAsync(network: network, secret: secret);
        var order = await _orders!.DeployAsync(Name, null, null, null, "test", Cancelled);
        Assert.Contains(why, order.Refusal!.Reason, StringComparison.Ordinal);
        Assert.Null(_service!.Machines.ByName(Name)!.DeploymentId);
        Assert.DoesNotContain("plainvalue", $"{order.Refusal}{string.Concat(order.Diagnostics)}", StringComparison.Ordinal);
        Assert.Equal(told ? ["blade1.yaml:10"] : [], order.Diagnostics.Select(d => $"{d.File}:{d.Line}"));
        Assert.Equal(order.Refusal, _orders.Objection(Name)!.Refusal);
    }

    [Fact]
    public async Task An_installer_that_is_not_there_is_an_objection_before_hardware_moves()
    {
        await StartAsync(method: "installer");
        Assert.Equal("The installer of debian-12 is not among the boot files.", _orders!.Objection(Name)!.Refusal!.Reason);
        Assert.Equal(_orders.Objection(Name)!.Refusal, (await _orders.DeployAsync(Name, null, null, null, "test", Cancelled)).Refusal);
    }

    Task<PowerResult> IPower.BootFromNetworkAsync(Machine machine, CancellationToken cancellationToken) => Task.FromResult(Power());

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is not null)
        {
            lock (_logged)
            {
                _logged.Add(exception);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_orders?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_service?.DisposeAsync() ?? ValueTask.CompletedTask);
        _spool.Dispose();
        _folder.Dispose();
    }

    private async Task StartAsync(Func<ISet<string>>? pinned = null, bool network = true, string? secret = Hash, string method = "image")
    {
        var bulk = new BulkStore(_folder["bulk"]);
        _service = await DeploymentService.StartAsync(
            new InMemoryRecordStore(), bulk, new TokenMint(new byte[32]), new FakeOwners(), new DeploymentLimits(), TimeProvider.System, this, Cancelled);
        await _service.PutMachineAsync(new MachineDraft(Name, MachineKind.Metal, new Binding { Macs = [MacAddress.Parse(TestDocuments.Mac)] }, [], false), Cancelled);
        var documents = TestDocuments.Open(_folder["documents"]);
        var blade = TestDocuments.Blade(Name);
        blade = blade with { Content = $"{blade.Content}\nmethod: {method}\n" };
        Assert.True(documents.Apply(network ? [blade, TestDocuments.Network] : [blade]).Accepted);
        var secrets = SecretStore.Open(_folder["secrets.json"], new byte[32]);
        if (secret is not null)
        {
            secrets.Set("root-hash", secret);
        }

        var images = new ImageStore(_spool.Spool, TimeProvider.System, pinned ?? _service.PinnedImages);
        _orders = new DeployOrders(_service, documents, images, bulk, secrets, [System.Net.IPAddress.Parse("10.77.0.1")], this, this);
    }

    private async Task DeployAsync() => Assert.Null((await _orders!.DeployAsync(Name, null, null, null, "test", Cancelled)).Refusal);

    private Task RequestedAsync() => UntilAsync(() => Directory.EnumerateFiles(_spool.Spool.QueueFolder, "*.json").Any());

    private async Task BuiltAsync()
    {
        await RequestedAsync();
        await _spool.DrainAsync();
    }

    private async Task UntilTimelineAsync(TimelineSeverity severity, string text) => await UntilAsync(async () =>
    {
        await _service!.DrainEvidenceAsync(Cancelled);
        return (await _service.TimelineAsync(Name, cancellationToken: Cancelled))!.Entries.Any(e => e.Severity == severity && e.Text.Contains(text, StringComparison.Ordinal));
    });

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; !await holds(); tries++)
        {
            Assert.True(tries < 600, "it did not come about within thirty seconds");
            await Task.Delay(50, Cancelled);
        }
    }
}
