using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace NetDeploy.Server.Tests.Tftp;

/// <summary>Two network namespaces joined by a cable (veth): 10.77.0.1 serves, 10.77.0.2 asks. Both go when this is disposed.</summary>
internal sealed partial class TwoHosts : IAsyncDisposable
{
    private const int CloneNewNet = 0x40000000;
    private readonly string _id = Guid.NewGuid().ToString("N")[..6];

    private TwoHosts()
    {
    }

    public const string ServerInterface = "ndt0";

    private string ServerName => $"ndt-tftp-{_id}-s";

    public string ClientName => $"ndt-tftp-{_id}-c";

    public static string? Missing =>
        !Environment.IsPrivilegedProcess ? "needs root for network namespaces" : !ExternalTool.Exists("ip") ? "needs ip (iproute2)" : null;

    public static async Task<TwoHosts> CreateAsync(int mtu)
    {
        var hosts = new TwoHosts();
        try
        {
            await IpAsync($"netns add {hosts.ServerName}");
            await IpAsync($"netns add {hosts.ClientName}");
            await IpAsync($"-n {hosts.ServerName} link add {ServerInterface} mtu {mtu} type veth peer name ndt1 netns {hosts.ClientName} mtu {mtu}");
            await IpAsync($"-n {hosts.ServerName} address add 10.77.0.1/24 dev {ServerInterface}");
            await IpAsync($"-n {hosts.ServerName} address add 10.77.0.9/24 dev {ServerInterface}");
            await IpAsync($"-n {hosts.ClientName} address add 10.77.0.2/24 dev ndt1");
            await IpAsync($"-n {hosts.ServerName} link set {ServerInterface} up");
            await IpAsync($"-n {hosts.ServerName} link set lo up");
            await IpAsync($"-n {hosts.ClientName} link set ndt1 up");
            return hosts;
        }
        catch
        {
            await hosts.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs on a thread of its own in the server's namespace; threads that it starts stay there.</summary>
    public void OnServer(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{ServerName}");
                Assert.Equal(0, SetNs((int)handle.DangerousGetHandle(), CloneNewNet));
                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    public Task<(int ExitCode, string Output)> OnClientAsync(string tool, params string[] arguments) =>
        ExternalTool.RunAsync("ip", ["netns", "exec", ClientName, tool, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        await ExternalTool.RunAsync("ip", "netns", "delete", ClientName);
        await ExternalTool.RunAsync("ip", "netns", "delete", ServerName);
    }

    private static async Task IpAsync(string arguments)
    {
        var (exit, output) = await ExternalTool.RunAsync("ip", arguments.Split(' '));
        Assert.True(exit == 0, $"ip {arguments}: {output}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNs(int fd, int type);
}
