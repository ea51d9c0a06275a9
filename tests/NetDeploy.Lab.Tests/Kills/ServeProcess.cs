using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>One life of a real <c>netdeploy serve</c>, in the server's namespace.</summary>
internal sealed class ServeProcess : IDisposable
{
    private const int LinesKept = 60;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _said = new();
    private int _killed;

    /// <param name="under">A command that becomes the server, with what it takes from it.</param>
    public ServeProcess(BladeSegment segment, string configuration, params string[] under)
    {
        // ip becomes the server: no process is between it and the signal.
        _process = Process.Start(new ProcessStartInfo(
            "ip", ["netns", "exec", segment.Server, .. under, "dotnet", Path.Combine(AppContext.BaseDirectory, "NetDeploy.Cli.dll"), "serve", "--no-worker", "--config", configuration])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>True from before the signal on: a request may fail from here.</summary>
    public bool IsKilled => Volatile.Read(ref _killed) != 0;

    public string Said => string.Join('\n', _said);

    /// <summary>Until its management answers; false where it was killed meanwhile. That it ends by itself fails the test.</summary>
    public async Task<bool> IsReadyAsync(NetDeployClient client)
    {
        for (var clock = Stopwatch.StartNew(); ;)
        {
            try
            {
                var status = await client.StatusAsync(TestContext.Current.CancellationToken);
                return status.ProcessId == _process.Id;
            }
            catch (Exception e) when (IsNoAnswer(e))
            {
                if (IsKilled)
                {
                    return false;
                }

                Assert.False(_process.HasExited, $"the server did not start again:\n{Said}");
                Assert.True(clock.Elapsed < StartLimit, $"no answer after {StartLimit.TotalSeconds:0} s:\n{Said}");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>SIGKILL. Again does nothing.</summary>
    public void Kill()
    {
        if (Interlocked.Exchange(ref _killed, 1) == 0)
        {
            _process.Kill();
        }
    }

    public async Task GoneAsync() => await _process.WaitForExitAsync(TestContext.Current.CancellationToken);

    /// <summary>Of a server that ends by itself.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StartLimit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>The connection ended or was refused: whether the request was heard is not known.</summary>
    public static bool IsNoAnswer(Exception e) =>
        // A socket's own: HttpClient asks a connected one for its peer, which may be gone already.
        e is NetDeployApiException { Status: 0 } or HttpRequestException or IOException or SocketException;

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _said.Enqueue(line);
            while (_said.Count > LinesKept)
            {
                _said.TryDequeue(out _);
            }
        }
    }
}
