using NetDeploy.Client;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>One life of the server, as those see it who speak with it.</summary>
internal sealed class Life(ServeProcess server, Fuse fuse, NetDeployClient management)
{
    /// <summary>An order or a question to the management.</summary>
    /// <returns>The answer, or the refusal.</returns>
    /// <exception cref="ServerGone">It was killed before it answered.</exception>
    public async Task<(T? Answer, NetDeployApiException? Refusal)> OrderAsync<T>(string kind, Func<NetDeployClient, Task<T>> order)
        where T : class
    {
        try
        {
            return (await AskAsync(kind, () => order(management)), null);
        }
        catch (NetDeployApiException e) when (e.Status is >= 400 and < 500)
        {
            return (null, e);
        }
    }

    /// <summary>An order without an answer's body.</summary>
    public async Task<NetDeployApiException?> OrderAsync(string kind, Func<NetDeployClient, Task> order) =>
        (await OrderAsync(kind, async client =>
        {
            await order(client);
            return "done";
        })).Refusal;

    /// <exception cref="ServerGone">It was killed before it answered.</exception>
    public async Task<T> AskAsync<T>(string kind, Func<Task<T>> ask)
    {
        if (server.IsKilled)
        {
            throw new ServerGone();
        }

        fuse.Sent(kind);
        try
        {
            var answer = await ask();
            fuse.Answered(kind);
            return answer;
        }
        catch (Exception e) when (ServeProcess.IsNoAnswer(e) && server.IsKilled)
        {
            throw new ServerGone();
        }
        catch (Exception e) when (ServeProcess.IsNoAnswer(e))
        {
            throw new InvalidOperationException($"a server that nobody killed did not answer to {kind}:\n{server.Said}", e);
        }
    }
}
