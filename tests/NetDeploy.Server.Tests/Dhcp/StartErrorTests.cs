using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Boot;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Tests.Boot;

namespace NetDeploy.Server.Tests.Dhcp;

[SupportedOSPlatform("linux")]
public sealed class StartErrorTests
{
    [Theory]
    [InlineData("nosuch0", "10.99.0.1", "There is no interface nosuch0")]
    [InlineData("srv0", "10.99.0.9", "ip addr add 10.99.0.9/24 dev srv0")]
    [InlineData("srv0", "10.99.0.1", "UDP port 67 on srv0 is taken")]
    public void What_keeps_it_from_starting_is_said_with_its_remedy(string name, string address, string expected)
    {
        TestNetwork.SkipUnlessPossible();
        using var network = new TestNetwork();
        using var running = new TestServer(network);
        using var second = running.NewServer(name, address);
        var error = Assert.Throws<AggregateException>(() => network.InServer(() => second.Start(new FakeNeighbours()))).InnerException;
        var fault = Assert.IsType<ServerFault>(error);
        Assert.Contains(expected, $"{fault.Message} {fault.Remedy}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loop_that_dies_is_told_and_leaves_nothing_that_cannot_be_closed()
    {
        TestNetwork.SkipUnlessPossible("busybox");
        using var network = new TestNetwork();
        using var leases = LeaseStore.Open(Path.Combine(network.Folder, "leases.journal"), TimeProvider.System, NullLogger<LeaseStore>.Instance);
        using var server = new DhcpServer(
            new DhcpServerOptions { Interfaces = [new DhcpInterface("srv0", IPAddress.Parse("10.99.0.1"))] },
            leases, () => AddressingSnapshot.Empty, new Nobody(), new Nobody { Fault = new InvalidOperationException("no notes") }, TimeProvider.System, new BrokenLogger());
        network.InServer(() => server.Start(new FakeNeighbours()));
        Assert.False(server.Completion.IsCompleted);
        // A packet's fault does not end the loop; that it cannot be logged either does.
        network.RunInClient("busybox", "udhcpc", "-i", "cli0", "-f", "-q", "-n", "-t", "2", "-T", "1", "-s", "/bin/true");
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => server.Completion.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Equal("no log", failure.Message);
        server.Stop();
    }

    [Fact]
    public void An_interface_that_goes_away_for_a_while_is_served_again()
    {
        TestNetwork.SkipUnlessPossible("busybox");
        using var network = new TestNetwork();
        using var server = new TestServer(network);
        TestNetwork.Run("ip", ["-n", network.Server, "link", "set", "srv0", "down"]);
        TestNetwork.Run("ip", ["-n", network.Server, "link", "set", "srv0", "up"]);
        var since = Stopwatch.StartNew();
        while (server.Events.IsEmpty && since.Elapsed < TimeSpan.FromSeconds(20))
        {
            network.RunInClient("busybox", "udhcpc", "-i", "cli0", "-f", "-q", "-n", "-t", "2", "-T", "1", "-s", "/bin/true");
        }

        Assert.NotEmpty(server.Events);
    }

    private sealed class Nobody : IBootOffers, IDhcpObserver
    {
        /// <summary>Thrown at each decision.</summary>
        public Exception? Fault { get; init; }

        public BootOffer? Offer(BootClient client, NetworkSpecRef network, out string reason)
        {
            reason = "nobody";
            return null;
        }

        public void Decided(DhcpEvent decision)
        {
            if (Fault is { } fault)
            {
                throw fault;
            }
        }
    }

    private sealed class BrokenLogger : ILogger<DhcpServer>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error)
            {
                throw new InvalidOperationException("no log");
            }
        }
    }
}
