using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace NetDeploy.Server.Tests.Dhcp;

/// <summary>Two network namespaces joined by a veth pair: <c>srv0</c> with 10.99.0.1/24 in one, <c>cli0</c> in the other. Removed on dispose.</summary>
internal sealed partial class TestNetwork : IDisposable
{
    public const string ClientMac = "02:00:00:00:00:11";

    private const int NewNet = 0x40000000;
    private static int s_count;

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"ndt-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}");

    public TestNetwork()
    {
        Folder = Directory.CreateTempSubdirectory("ndt-dhcp-").FullName;
        try
        {
            Ip("netns add", Server);
            Ip("netns add", Client);
            Ip("-n", Server, "link add srv0 type veth peer name cli0 netns", Client);
            Ip("-n", Server, "addr add 10.99.0.1/24 dev srv0");
            Ip("-n", Server, "link set lo up");
            Ip("-n", Server, "link set srv0 up");
            Ip("-n", Client, "link set cli0 address", ClientMac);
            Ip("-n", Client, "link set cli0 up");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Server => _name + "s";

    public string Client => _name + "c";

    /// <summary>For files of the test; removed with the network.</summary>
    public string Folder { get; }

    public static void SkipUnlessPossible(params string[] tools)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, for network namespaces");
        foreach (var tool in tools.Append("ip"))
        {
            Assert.SkipUnless(Find(tool) is not null, $"needs {tool}");
        }
    }

    public static string? Find(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':').Select(d => Path.Combine(d, tool)).FirstOrDefault(File.Exists);

    /// <summary>Runs the action on a thread of its own within the server's namespace: what it opens stays there.</summary>
    public void InServer(Action action) => Inside(Server, action);

    public static void Inside(string networkNamespace, Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/run/netns/{networkNamespace}");
                if (Setns((int)file.DangerousGetHandle(), NewNet) != 0)
                {
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                }

                action();
            }
#pragma warning disable CA1031 // Thrown again on the test's own thread.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw new AggregateException(failure);
        }
    }

    public (int Code, string Output) RunInClient(params string[] command) => Run("ip", ["netns", "exec", Client, .. command]);

    public static (int Code, string Output) Run(string file, IEnumerable<string> arguments, string? folder = null)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? "" };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        return (process.ExitCode, output.Result + error.Result);
    }

    public void Dispose()
    {
        Run("ip", ["netns", "del", Client]);
        Run("ip", ["netns", "del", Server]);
        Directory.Delete(Folder, recursive: true);
    }

    public static void Ip(params string[] arguments)
    {
        var (code, output) = Run("ip", arguments.SelectMany(a => a.Split(' ')));
        if (code != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {output}");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int Setns(int descriptor, int type);
}
