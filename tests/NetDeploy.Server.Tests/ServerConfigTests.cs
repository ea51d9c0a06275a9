using System.Text.RegularExpressions;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Tests.Documents;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests;

public sealed partial class ServerConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void What_the_file_does_not_say_has_its_default()
    {
        var config = Load("interfaces:\n  - name: eth1\n  - {name: eth2, address: 10.77.0.1}\nbootPort: 8181\nstartWorker: false\n");
        Assert.Equal([new BootInterface("eth1"), new BootInterface("eth2", "10.77.0.1")], config.Interfaces);
        Assert.Equal((8181, false, "/var/lib/netdeploy"), (config.BootPort, config.StartWorker, config.Data));
        Assert.Empty(Load("").Interfaces);
    }

    [Theory]
    [InlineData("interfacs: []\n", "there is no key 'interfacs'")]
    [InlineData("interfaces:\n - name: [\n", ":2:")]
    [InlineData("interfaces:\n  - eth1\n", ":2:")]
    [InlineData("interfaces: [{}]\n", "without a name")]
    [InlineData("interfaces: [null]\n", "without a name")]
    [InlineData("interfaces: eth1\n", ":1:")]
    [InlineData("bootPort: x\n", ":1:11: bootPort: the value is no whole number")]
    [InlineData("data: /x\nsyslogPort: abc\n", ":2:13: syslogPort: the value is no whole number")]
    [InlineData("syslogPort: 99999999999\n", ":1:13: syslogPort: the value is no whole number")]
    [InlineData("startWorker: maybe\n", ":1:14: startWorker: the value is neither true nor false")]
    [InlineData("syslogPort: [514]\n", ":1:13: syslogPort: ")]
    [InlineData("bootPort: 0\n", "no TCP port")]
    [InlineData("bootPort: 65536\n", "no TCP port")]
    [InlineData("kernelArguments: quiet;reboot", "kernelArguments")]
    [InlineData("deployments: {grant: 60}\n", "grant '60' is no duration")]
    [InlineData("deployments: {firstBoot: 0m}\n", "firstBoot '0m' is no duration")]
    [InlineData("deployments: {sameBoot: -5m}\n", "sameBoot '-5m' is no duration")]
    [InlineData("deployments: {boots: 0}\n", "boots 0 is no number")]
    [InlineData("deployments: {grant: 60m, boots: many}\n", ":1:34: boots: the value is no whole number")]
    [InlineData("deployments: {grnt: 60m}\n", "no key 'grnt'")]
    [InlineData("deployments: 60m\n", ":1:")]
    [InlineData("restored: true\n", "no key 'restored'")]
    [InlineData("data: [a, b]\n", ":1:")]
    [InlineData("mirrors: [{}]\n", "'' is no name")]
    [InlineData("mirrors: [null]\n", "'' is no name")]
    [InlineData("mirrors: [{name: ../x, upstream: 'http://m.example/debian'}]\n", "'../x' is no name")]
    [InlineData("mirrors: [{name: debian}]\n", "upstream '' of 'debian'")]
    [InlineData("mirrors: [{name: debian, upstream: 'file:///etc'}]\n", "upstream 'file:///etc'")]
    [InlineData("mirrors: [{name: debian, upstream: 'http://u:p@m.example/debian'}]\n", "is no address of a mirror")]
    [InlineData("mirrors: [{name: debian, upstream: 'http://m.example/debian?x=y'}]\n", "is no address of a mirror")]
    [InlineData("mirrors: [{name: debian, upstream: 'http://m.example/debian', via: relay.sock}]\n", "via 'relay.sock'")]
    [InlineData("mirrors: [{name: debian, upstream: 'http://m.example/debian', maxSize: 20}]\n", "maxSize '20'")]
    [InlineData("mirrors: [{name: debian, upstream: 'http://m.example/debian', maxSize: 1MiB}]\n", "maxSize '1MiB'")]
    [InlineData("mirrors: [{name: a, upstream: 'http://m.example/a'}, {name: a, upstream: 'http://m.example/b'}]\n", "'a' is there twice")]
    [InlineData("mirrors: [{name: a, upsteam: 'http://m.example/a'}]\n", "no key 'upsteam'")]
    [InlineData("- a\n", ":1:")]
    public void A_mistake_is_named_with_its_place_and_a_remedy_and_never_with_a_type(string text, string expected)
    {
        var fault = Assert.Throws<ServerFault>(() => Load(text));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["netdeploy.yaml"], fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("ConfigFile", fault.Message, StringComparison.Ordinal);
        Assert.NotEmpty(fault.Remedy);
    }

    [Theory]
    [InlineData("bootport: 1\n", "Did you mean 'bootPort'?")]
    [InlineData("deployments: {grnt: 60m}\n", "Did you mean 'grant'?")]
    [InlineData("interfaces: [{nam: eth1}]\n", "Did you mean 'name'?")]
    [InlineData("colour: red\n", "Known: bootFiles, bootPort,")]
    public void A_key_that_is_not_there_is_answered_with_the_one_that_was_meant(string text, string remedy) =>
        Assert.StartsWith(remedy, Assert.Throws<ServerFault>(() => Load(text)).Remedy, StringComparison.Ordinal);

    [Fact]
    public void What_is_written_about_the_file_is_about_each_key_that_it_may_hold() =>
        Assert.Equal(ConfigReference.PathsOf(typeof(ServerConfig.ConfigFile)).Order(), ConfigReference.Keys.Select(k => k.Path).Order());

    [Fact]
    public void The_example_in_the_tree_is_the_one_that_the_code_writes_and_says_the_defaults()
    {
        var path = Path.Combine(TestDocuments.Shipped, "netdeploy.yaml.example");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, ConfigReference.Example());
        }

        Assert.Equal(File.ReadAllText(path), ConfigReference.Example());
        Assert.Equal([new BootInterface("eth1")], Load(ConfigReference.Example()).Interfaces);

        // Each key that is commented out has its default there, or is said to have none.
        var defaults = new ServerConfig();
        var said = Load(string.Join('\n', ConfigReference.Keys.Where(k => k is { HasDefault: true, Value: not null } && !k.Path.Contains('.', StringComparison.Ordinal)).Select(k => $"{k.Path}: {k.Value}")));
        Assert.Equal(defaults, said with { Interfaces = [], Mirrors = [], KernelArguments = defaults.KernelArguments });
        Assert.Contains("Without it a person does. The value is an example.\n#labPower:", ConfigReference.Example(), StringComparison.Ordinal);
        Assert.Contains("network does. The value is an example.\n#    via:", ConfigReference.Example(), StringComparison.Ordinal);

        var all = Load(UncommentedKey().Replace(ConfigReference.Example(), "$1"));
        Assert.Equal([new BootInterface("eth1", "10.77.0.1")], all.Interfaces);
        Assert.NotNull(all.LabPower);
        Assert.Equal(defaults.KernelArguments, all.KernelArguments);
        Assert.Equal(defaults, all with { Interfaces = [], Mirrors = [], LabPower = null, KernelArguments = defaults.KernelArguments });
    }

    [Fact]
    public void A_file_that_is_not_there_or_is_a_folder_is_named()
    {
        Assert.Contains("absent.yaml", Assert.Throws<ServerFault>(() => ServerConfig.Load(_folder["absent.yaml"])).Message, StringComparison.Ordinal);
        Assert.Throws<ServerFault>(() => ServerConfig.Load(_folder.Path));
    }

    [Fact]
    public void An_interface_that_is_not_there_is_answered_with_those_that_are()
    {
        Assert.Contains("lo", Assert.Throws<ServerFault>(() => ServerConfig.AddressOf(new BootInterface("nope"))).Remedy, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", ServerConfig.AddressOf(new BootInterface("lo", "127.0.0.1")).ToString());
        Assert.Contains("127.0.0.1", Assert.Throws<ServerFault>(() => ServerConfig.AddressOf(new BootInterface("lo", "192.0.2.1"))).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Kernel_arguments_are_words() =>
        Assert.Equal(["console=ttyS1,115200n8", "nomodeset"], Load("kernelArguments: console=ttyS1,115200n8  nomodeset").KernelArguments);

    [Fact]
    public void A_mirror_has_a_name_an_upstream_and_a_bound()
    {
        var config = Load("mirrors:\n  - {name: debian, upstream: http://m.example/debian/, maxSize: 5GiB}\n  - {name: sec, upstream: https://s.example:8443/sec, via: /run/way-out.sock}\n");
        Assert.Equal(
            [
                new MirrorConfig("debian", new Uri("http://m.example/debian")) { MaxSize = 5L << 30 },
                new MirrorConfig("sec", new Uri("https://s.example:8443/sec"), "/run/way-out.sock"),
            ],
            config.Mirrors);
        Assert.Equal("/var/cache/netdeploy/mirrors", config.MirrorFolder);
        Assert.Empty(Load("").Mirrors);
    }

    [Fact]
    public void Limits_of_deployments_are_durations_and_the_rest_keeps_its_default()
    {
        Assert.Equal(new DeploymentLimits(), Load("").Deployments);
        Assert.Equal(new DeploymentLimits(), Load("deployments:\n").Deployments);
        Assert.Equal(
            new DeploymentLimits { Grant = TimeSpan.FromMinutes(90), ClaimedSilence = TimeSpan.FromSeconds(30), Boots = 3 },
            Load("deployments: {grant: 90m, claimedSilence: 30s, boots: 3}\n").Deployments);
        Assert.Equal(
            new DeploymentLimits { Preparing = TimeSpan.FromDays(1), FirstBoot = TimeSpan.FromHours(1), SameBoot = TimeSpan.FromMinutes(1) },
            Load("deployments: {preparing: 1d, firstBoot: 1h, sameBoot: 1m}\n").Deployments);
    }

    public void Dispose() => _folder.Dispose();

    private ServerConfig Load(string text)
    {
        File.WriteAllText(_folder["netdeploy.yaml"], text);
        return ServerConfig.Load(_folder["netdeploy.yaml"]);
    }

    [GeneratedRegex("^#( *(?:- )?[a-zA-Z]+:)", RegexOptions.Multiline)]
    private static partial Regex UncommentedKey();
}
