using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Protocols;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Enrolment;
using NetDeploy.Server.Images;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Power;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Deployments;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Tests.Images;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Enrolment;

/// <summary>A network with enrolment rules and nobody described, over the real documents, orders and images; it can be restarted.</summary>
internal sealed partial class NewcomerWorld : IAsyncDisposable, IPower, ILeaseTable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IRecordStore _store;
    private readonly SpoolFixture _spool = new();
    private DocumentApplication? _application;

    private NewcomerWorld(IRecordStore store) => _store = store;

    public static NetworkSpecRef Network { get; } = new(
        new NetworkSpec { Name = "lab", Subnet = IPNetwork.Parse("10.77.0.0/24"), Relays = [IPAddress.Parse("10.77.0.2")] }, IPAddress.Parse("10.77.0.1"));

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UnixEpoch.AddYears(56));

    public FakeOwners Owners { get; } = new();

    public DocumentStore Documents { get; private set; } = null!;

    public DocumentApplication Application => _application!;

    public DeploymentService Service { get; private set; } = null!;

    public DeployOrders Orders { get; private set; } = null!;

    public Enroller Enroller { get; private set; } = null!;

    public HoldDesk Hold { get; private set; } = null!;

    public BootDesk Desk { get; private set; } = null!;

    public SeenMachines Seen { get; private set; } = null!;

    /// <summary>Machines that somebody switched on.</summary>
    public List<string> SwitchedOn { get; } = [];

    public string DocumentFolder => _folder["documents"];

    public IEnumerable<string> Names => Service.Machines.Machines.Select(m => m.Name);

    /// <param name="enrolment">What follows <c>network: lab</c> in the Enrolment document.</param>
    public static async Task<NewcomerWorld> StartAsync(string enrolment, IRecordStore? store = null)
    {
        var world = new NewcomerWorld(store ?? new InMemoryRecordStore());
        await world.OpenAsync();
        await world.ApplyAsync(enrolment);
        return world;
    }

    public async Task ApplyAsync(string enrolment)
    {
        var outcome = await Application.ApplyAsync(
            [
                new SourceText("network.yaml", "apiVersion: netdeploy/v1\nkind: Network\nname: lab\nsubnet: 10.77.0.0/24\nrelays: [10.77.0.2]\npools: [{first: 10.77.0.100, last: 10.77.0.199}]\n"),
                new SourceText("site.yaml", "apiVersion: netdeploy/v1\nkind: Profile\nname: site\nsite: true\nsystem:\n  root: {passwordHash: {secret: root-hash, strength: claimed}}\n"),
                new SourceText("enrolment.yaml", $"apiVersion: netdeploy/v1\nkind: Enrolment\nname: lab\nnetwork: lab\n{enrolment}"),
            ],
            null, prune: false, checkOnly: false, CancellationToken.None);
        Assert.True(outcome.Accepted, string.Join('\n', outcome.Diagnostics));
    }

    /// <summary>Another process over what is on the disk.</summary>
    public async Task RestartAsync()
    {
        await Orders.DisposeAsync();
        await Service.DisposeAsync();
        await _application!.DisposeAsync();
        await OpenAsync();
    }

    /// <summary>The worker builds every image that was asked for.</summary>
    public async Task BuildImagesAsync()
    {
        await UntilAsync(() => Directory.EnumerateFiles(_spool.Spool.QueueFolder, "*.json").Any());
        await _spool.DrainAsync();
    }

    public static MacAddress Mac(int number) => MacAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"52:54:00:00:{number >> 8:x2}:{number & 255:x2}"), CultureInfo.InvariantCulture);

    /// <summary>What the SMBIOS of that blade says.</summary>
    public static Guid Uuid(int number) => Guid.Parse(string.Create(CultureInfo.InvariantCulture, $"4c4c4544-0042-3510-8052-b4c04f4d{0x3531 + number:x4}"));

    public static IPAddress Address(int number) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"10.77.0.{100 + number}"));

    /// <summary>A blade is switched on and netboots by iPXE: it has a lease, asks for its script, and says what it is where it is asked to.</summary>
    public async Task<string> BootAsync(int number, string serial = "", Guid? uuid = null, ushort architecture = 0)
    {
        uuid ??= Uuid(number);
        Owners.Lease(Address(number), Mac(number));
        Offer(number, architecture, uuid);
        var first = Text(await Desk.ScriptAsync(Mac(number), uuid, Address(number), Network));
        return first.Contains("chain --replace", StringComparison.Ordinal)
            ? Text(await Desk.ScriptAsync(Mac(number), uuid, Address(number), Network, Smbios.Of("QEMU", "Standard PC", serial)))
            : first;
    }

    public BootOffer? Offer(int number, ushort architecture = 0, Guid? uuid = null, BootStage stage = BootStage.Ipxe, string? circuit = null, string? relay = null) => Desk.Offer(
        new BootClient
        {
            Mac = Mac(number), Stage = stage, Architectures = [architecture], Uuid = uuid, CircuitId = circuit, Relay = relay is null ? null : IPAddress.Parse(relay),
        },
        Network,
        out _);

    public static string Text(BootReply reply) => Assert.IsType<BootReply.Text>(reply).Content;

    public static string? DeploymentIn(string script) => DeploymentPattern().Match(script) is { Success: true } match ? match.Groups[1].Value : null;

    public static string? HoldTokenIn(string script) => HoldPattern().Match(script) is { Success: true } match ? match.Groups[1].Value : null;

    public static async Task UntilAsync(Func<bool> holds)
    {
        for (var tries = 0; !holds(); tries++)
        {
            Assert.True(tries < 600, "it did not come about within thirty seconds");
            await Task.Delay(50);
        }
    }

    public Deployment? DeploymentOf(string name) => Service.Machines.ByName(name) is { } machine ? Service.Current(machine.Id) : null;

    Task<PowerResult> IPower.BootFromNetworkAsync(Machine machine, CancellationToken cancellationToken)
    {
        SwitchedOn.Add(machine.Name);
        return Task.FromResult(new PowerResult(true, "on"));
    }

    LeaseHolder? ILeaseTable.FindByAddress(IPAddress address) =>
        Owners.OwnerOf(address).Mac is { } mac ? new LeaseHolder(mac, address, "lab", DateTimeOffset.MaxValue, null) : null;

    IReadOnlyList<LeaseHolder> ILeaseTable.FindByMac(MacAddress mac) => [];

    public async ValueTask DisposeAsync()
    {
        await Orders.DisposeAsync();
        await Service.DisposeAsync();
        await (_application?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _store.DisposeAsync();
        _spool.Dispose();
        _folder.Dispose();
    }

    private async Task OpenAsync()
    {
        var bulk = new BulkStore(_folder["bulk"], clock: Clock);
        var mint = new TokenMint(new byte[32]);
        Service = await DeploymentService.StartAsync(_store, bulk, mint, Owners, new DeploymentLimits(), Clock, NullLogger.Instance);
        Documents = TestDocuments.Open(_folder["documents"]);
        var secrets = TestDocuments.Secrets(_folder["secrets"]);
        _application = new DocumentApplication(Documents, Service, secrets, [IPAddress.Parse("10.77.0.1")], TimeProvider.System, NullLogger.Instance);
        await _application.StartAsync(CancellationToken.None);
        Orders = new DeployOrders(Service, Documents, new ImageStore(_spool.Spool, TimeProvider.System, Service.PinnedImages), bulk, secrets, [IPAddress.Parse("10.77.0.1")], this, NullLogger.Instance);
        Seen = new SeenMachines(Clock);
        Enroller = new Enroller(Documents, _application, Service, Orders, this, Clock, NullLogger.Instance);
        Hold = new HoldDesk(Service, Enroller, Seen, new HeldMachines(Clock), Owners, mint, NullLogger.Instance);
        Orders.IsWaiting = machine => machine.Binding.Macs.Any(mac => Hold.Held.Find(mac) is not null);
        Desk = new BootDesk(Service, Owners, new BootDeskOptions { HttpPort = 8080 }, Clock, NullLogger.Instance, new Newcomers(Enroller, Hold, Seen));
        Orders.Resume();
    }

    [GeneratedRegex(@"netdeploy\.deployment=(\S+)")]
    private static partial Regex DeploymentPattern();

    [GeneratedRegex(@"netdeploy\.hold=\S+ netdeploy\.token=(\S+)")]
    private static partial Regex HoldPattern();
}
