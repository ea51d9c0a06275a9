using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>The supervisor's ear: a Unix socket of mode 0600, one request and one answer a line.</summary>
internal sealed class ControlServer : IDisposable
{
    /// <summary>Requests are short; a longer line is no request of ours.</summary>
    private const int LineLimit = 4096;

    private readonly Socket _socket;
    private readonly string _path;
    private readonly Func<ControlRequest, CancellationToken, Task<ControlAnswer>> _answer;
    private readonly ILogger _logger;

    private ControlServer(Socket socket, string path, Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer, ILogger logger)
    {
        _socket = socket;
        _path = path;
        _answer = answer;
        _logger = logger;
    }

    public static ControlServer Listen(string path, Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer, ILogger logger)
    {
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        // Nobody can connect before Listen, so the mode is set in time.
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        socket.Listen(16);
        return new ControlServer(socket, path, answer, logger);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            _ = TalkAsync(connection, cancellationToken);
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }

    private async Task TalkAsync(Socket connection, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = new NetworkStream(connection, ownsSocket: true);
            while (await ReadLineAsync(stream, cancellationToken).ConfigureAwait(false) is { } line)
            {
                ControlAnswer answer;
                try
                {
                    var request = JsonSerializer.Deserialize(line, LabJson.Default.ControlRequest);
                    answer = request is null ? new ControlAnswer("No request.", null) : await _answer(request, cancellationToken).ConfigureAwait(false);
                }
                catch (JsonException e)
                {
                    answer = new ControlAnswer("Not a request: " + e.Message, null);
                }

                // The last answer, to "down", is still sent while the lab goes down.
                await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(answer, LabJson.Default.ControlAnswer) + "\n"), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _logger.ControlBroke(e.Message);
            }
        }
    }

    private static async Task<string?> ReadLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var line = new byte[LineLimit];
        var length = 0;
        while (length < LineLimit)
        {
            var read = await stream.ReadAsync(line.AsMemory(length, 1), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            if (line[length] == (byte)'\n')
            {
                return Encoding.UTF8.GetString(line, 0, length);
            }

            length++;
        }

        throw new IOException("a request longer than 4096 bytes");
    }
}
