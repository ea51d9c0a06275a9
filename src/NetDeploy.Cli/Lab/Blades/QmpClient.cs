using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace NetDeploy.Cli.Lab.Blades;

/// <summary>QEMU's machine protocol: one JSON object a line each way; events come between the answers and are passed over.</summary>
internal sealed class QmpClient : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private QmpClient(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new StreamReader(_stream, Encoding.UTF8);
    }

    /// <exception cref="SocketException">No QEMU listens there.</exception>
    public static async Task<QmpClient> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var client = new QmpClient(socket);
        try
        {
            await client.LineAsync(cancellationToken).ConfigureAwait(false); // the greeting
            await client.ExecuteAsync("qmp_capabilities", cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary><c>running</c>, <c>shutdown</c>, <c>paused</c>, ...</summary>
    public async Task<string> StatusAsync(CancellationToken cancellationToken) =>
        (await ExecuteAsync("query-status", cancellationToken).ConfigureAwait(false)).GetProperty("status").GetString()!;

    /// <summary>Pulls the plug.</summary>
    public Task QuitAsync(CancellationToken cancellationToken) => ExecuteAsync("quit", cancellationToken);

    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
        _socket.Dispose();
    }

    private async Task<JsonElement> ExecuteAsync(string command, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes($$"""{"execute":"{{command}}"}""" + "\n"), cancellationToken).ConfigureAwait(false);
        while (true)
        {
            using var message = JsonDocument.Parse(await LineAsync(cancellationToken).ConfigureAwait(false));
            if (message.RootElement.TryGetProperty("return", out var answer))
            {
                return answer.Clone();
            }

            if (message.RootElement.TryGetProperty("error", out var error))
            {
                throw new IOException($"QEMU refused {command}: {error.GetProperty("desc").GetString()}");
            }
        }
    }

    private async Task<string> LineAsync(CancellationToken cancellationToken) =>
        await _reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) ?? throw new IOException("QEMU ended.");
}
