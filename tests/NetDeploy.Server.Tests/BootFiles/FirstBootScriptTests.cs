using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>The script that an installed system reports itself with, run as it is, against a server that answers what the test says.</summary>
public sealed class FirstBootScriptTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Scratch _root = new();
    private readonly FakeServer _server = new();

    public FirstBootScriptTests()
    {
        _root.Write("etc/netdeploy/first-boot.url", $"http://127.0.0.1:{_server.Port}/deploy/d1/installed\n");
        _root.Write("etc/netdeploy/first-boot.token", "TOKEN\n");
        _root.Write("etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAA root@x\n");
    }

    [Fact]
    public async Task Without_tasks_it_reports_itself_and_the_token_goes()
    {
        Assert.Equal(0, await RunAsync());

        var report = Assert.Single(_server.Reports);
        Assert.StartsWith("POST /deploy/d1/installed HTTP/1.0", report, StringComparison.Ordinal);
        Assert.Contains("Authorization: Bearer TOKEN", report, StringComparison.Ordinal);
        Assert.Contains("hostkey=ssh-ed25519 AAAA", report, StringComparison.Ordinal);
        Assert.False(Exists("etc/netdeploy/first-boot.token"));
    }

    [Fact]
    public async Task Tasks_run_in_order_after_the_report_and_each_tells_its_end_and_its_last_lines()
    {
        Task("script", "a", 20, "seq 100; echo \"$((1 + 1)) fertig\u001b[0m\"; (sleep 300 &)");
        Task("script", "b", 20, "exec >&- 2>&-; touch \"$NETDEPLOY_ROOT/b\"");

        var clock = Stopwatch.StartNew();
        Assert.Equal(0, await RunAsync());

        // The process that was left behind holds the output open, and is not waited for.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"{clock.Elapsed}");
        Assert.Equal(["installed", "task", "task"], _server.Reports.Select(What));
        var first = Body(_server.Reports.ElementAt(1));
        Assert.StartsWith("kind=script\nname=a\nended=ok\nseconds=", first, StringComparison.Ordinal);
        Assert.Contains("\noutput=100\noutput=2 fertig [0m", first, StringComparison.Ordinal);
        Assert.DoesNotContain("\noutput=80\n", first, StringComparison.Ordinal);
        Assert.True(Exists("b"));
        Assert.False(Exists("etc/netdeploy/first-boot.token") || Exists("etc/netdeploy/first-boot.tasks") || Exists("etc/netdeploy/first-boot.d"));
    }

    [Fact]
    public async Task After_a_failure_nothing_more_is_run_and_that_is_told()
    {
        Task("script", "a", 20, "echo no >&2; exit 7");
        Task("handover", "command", 20, "touch \"$NETDEPLOY_ROOT/ran\"");

        Assert.Equal(1, await RunAsync());

        Assert.Contains("ended=failed with status 7\nseconds=0\noutput=no", Body(_server.Reports.ElementAt(1)), StringComparison.Ordinal);
        Assert.Contains("name=command\nended=not run, because script a did not end well", Body(_server.Reports.ElementAt(2)), StringComparison.Ordinal);
        Assert.False(Exists("ran"));
    }

    [Fact]
    public async Task A_task_that_takes_too_long_is_stopped()
    {
        Task("script", "a", 1, "echo begun; sleep 300");

        Assert.Equal(1, await RunAsync());
        Assert.Contains("ended=stopped after 1 s, its limit\n", Body(_server.Reports.ElementAt(1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_begun_when_the_machine_went_down_is_not_begun_again()
    {
        Task("script", "a", 60, "echo x >>\"$NETDEPLOY_ROOT/times\"; sleep 300");
        using (var cut = Start())
        {
            await UntilAsync(() => Exists("times"));
            cut.Kill(entireProcessTree: true);
            await cut.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, await RunAsync());

        Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(_root.Path, "times"), TestContext.Current.CancellationToken));
        Assert.Contains("ended=interrupted", Body(_server.Reports.Last()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_report_takes_the_token_away_and_the_tasks_run_untold()
    {
        _server.Status = "403 Forbidden";
        Task("script", "a", 20, "touch \"$NETDEPLOY_ROOT/ran\"");

        Assert.Equal(0, await RunAsync());

        Assert.Equal("installed", What(Assert.Single(_server.Reports)));
        Assert.True(Exists("ran"));
        Assert.False(Exists("etc/netdeploy/first-boot.token"));
    }

    [Fact]
    public async Task A_server_that_is_busy_is_asked_again()
    {
        _server.BusyFor = 2;

        Assert.Equal(0, await RunAsync());
        Assert.Equal(3, _server.Reports.Count);
    }

    public void Dispose()
    {
        _server.Dispose();
        _root.Dispose();
    }

    private static string What(string request) => request.Split(' ')[1].Split('/')[^1];

    private static string Body(string request) => request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    private bool Exists(string path) => Path.Exists(Path.Combine(_root.Path, path));

    private void Task(string kind, string name, int seconds, string commands)
    {
        _root.Script($"etc/netdeploy/first-boot.d/{kind}.{name}", commands + "\n");
        File.AppendAllText(Path.Combine(_root.Path, "etc/netdeploy/first-boot.tasks"), string.Create(CultureInfo.InvariantCulture, $"{kind} {name} {seconds}\n"));
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(SourceTree.BootFiles, "deploy/first-boot/netdeploy-first-boot")]);
        start.Environment["NETDEPLOY_ROOT"] = _root.Path;
        start.RedirectStandardOutput = true;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return process;
    }

    private async Task<int> RunAsync()
    {
        using var process = Start();
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); await System.Threading.Tasks.Task.Delay(50, TestContext.Current.CancellationToken))
        {
            Assert.True(clock.Elapsed < Patience, "the condition did not come true in time");
        }
    }

    /// <summary>Takes one request a connection, keeps it, and answers.</summary>
    private sealed class FakeServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public FakeServer()
        {
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _ = ServeAsync();
        }

        public int Port { get; }

        public string Status { get; set; } = "200 OK";

        /// <summary>So many requests get 503 first.</summary>
        public int BusyFor { get; set; }

        public ConcurrentQueue<string> Reports { get; } = [];

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await using var stream = client.GetStream();
                    var request = new StringBuilder();
                    var buffer = new byte[4096];
                    while (!IsWhole(request.ToString()) && await stream.ReadAsync(buffer) is > 0 and var read)
                    {
                        request.Append(Encoding.Latin1.GetString(buffer, 0, read));
                    }

                    Reports.Enqueue(request.ToString());
                    await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.0 {(Reports.Count <= BusyFor ? "503 Busy" : Status)}\r\n\r\nok\n"));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
                // The test ended.
            }
        }

        private static bool IsWhole(string request)
        {
            var head = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var length = request.Split("\r\n").Where(l => l.StartsWith("Content-Length: ", StringComparison.Ordinal)).Select(l => int.Parse(l[16..], CultureInfo.InvariantCulture)).FirstOrDefault();
            return head >= 0 && request.Length >= head + 4 + length;
        }
    }
}
