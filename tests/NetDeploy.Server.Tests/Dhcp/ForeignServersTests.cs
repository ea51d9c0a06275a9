using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetDeploy.Core.Addressing;
using NetDeploy.Protocols;
using NetDeploy.Protocols.Dhcp;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Tests.Boot;

namespace NetDeploy.Server.Tests.Dhcp;

public sealed class ForeignServersTests
{
    private static readonly MacAddress s_mac = MacAddress.Parse("02:00:00:00:00:02");

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void One_that_clients_name_is_news_once_and_again_when_it_answers()
    {
        var servers = new ForeignServers(_clock);
        Assert.NotNull(Hear(servers, 2, answered: false));
        Assert.Null(Hear(servers, 2, answered: false));
        Assert.Equal(s_mac, servers.Heard("eth0", Address(2), s_mac, answered: true)?.Mac);
        Assert.Null(Hear(servers, 2, answered: false));
        Assert.Equal((true, s_mac), (servers.List()[0].Answered, servers.List()[0].Mac!.Value));
    }

    [Fact]
    public void Forged_names_push_out_each_other_and_none_that_answered()
    {
        var servers = new ForeignServers(_clock);
        Hear(servers, 1, answered: true);
        for (var i = 2; i < 200; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Hear(servers, i, answered: false);
        }

        Assert.Equal(ForeignServers.Bound, servers.List().Length);
        Assert.True(servers.List()[0].Answered);
    }

    [Fact]
    public void One_that_is_silent_is_forgotten_with_its_warning()
    {
        var servers = new ForeignServers(_clock);
        var snapshot = TestServer.Compile();
        (string, IPAddress)[] interfaces = [("eth0", IPAddress.Parse("10.99.0.1")), ("eth1", IPAddress.Parse("192.0.2.1"))];
        Hear(servers, 2, answered: true);
        Assert.Contains("10.99.0.2, answers on eth0, where network lab is authoritative", Assert.Single(servers.Warnings(snapshot, interfaces)), StringComparison.Ordinal);
        Assert.Empty(servers.Warnings(TestServer.Compile(NetworkMode.Proxy), interfaces));
        _clock.Advance(ForeignServers.Remembered + TimeSpan.FromSeconds(1));
        Assert.Empty(servers.Warnings(snapshot, interfaces));
        Assert.Empty(servers.List());
    }

    [Fact]
    public void The_link_is_asked_once_for_a_server_that_clients_name()
    {
        var neighbours = new FakeNeighbours();
        var survey = new DhcpSurvey(new DhcpInterface("eth0", IPAddress.Parse("10.99.0.1")), new ForeignServers(_clock), neighbours, _clock, NullLogger.Instance);
        var network = TestServer.Compile().Find(Address(1))!;
        for (var i = 0; i < 100; i++)
        {
            survey.Named(Address(200), network);
        }

        Assert.Equal([Address(200).ToIPAddress()], neighbours.Asked);
    }

    private static ForeignServer? Hear(ForeignServers servers, int last, bool answered) => servers.Heard("eth0", Address(last), null, answered);

    private static Ipv4Address Address(int last) => new(Ipv4Address.Parse("10.99.0.0").Value + (uint)last);
}
