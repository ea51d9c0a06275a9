using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests;

public sealed class ServerConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void What_a_file_leaves_out_has_its_default()
    {
        var config = Load("interfaces:\n- name: eth1\n- {name: eth2, address: 192.0.2.1}\nbootPort: 8081\n");
        Assert.Equal([new BootInterface("eth1"), new BootInterface("eth2", "192.0.2.1")], config.Interfaces);
        Assert.Equal(8081, config.BootPort);
        Assert.Equal(new ServerConfig().Data, config.Data);
        Assert.Equal(["console=tty0", "console=ttyS0,115200n8"], config.KernelArguments);
    }

    [Fact]
    public void Kernel_arguments_are_words() =>
        Assert.Equal(["console=ttyS1,115200n8", "nomodeset"], Load("kernelArguments: console=ttyS1,115200n8  nomodeset").KernelArguments);

    [Theory]
    [InlineData("kernelArguments: quiet;reboot", "kernelArguments")]
    [InlineData("bootport: 80", "bootport")]
    [InlineData("interfaces:\n- address: 192.0.2.1", "without a name")]
    public void What_means_nothing_is_refused_when_the_file_is_read(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<ServerFault>(() => Load(text)).Message, StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    private ServerConfig Load(string text)
    {
        File.WriteAllText(_folder["netdeploy.yaml"], text);
        return ServerConfig.Load(_folder["netdeploy.yaml"]);
    }
}
