using NetDeploy.Client;

namespace NetDeploy.Cli.Commands;

/// <summary>What destroys a running system is asked for by the machine's name.</summary>
internal static class Confirmation
{
    /// <summary>The person at the terminal; null where nobody is there to type.</summary>
    public static TextReader? Person => Console.IsInputRedirected ? null : Console.In;

    /// <summary>
    /// Gives the order, and asks where the server wants it confirmed: what needs a name typed is one rule, and the server's.
    /// Where nobody is there to type, its refusal stands.
    /// </summary>
    /// <param name="confirmed"><c>--yes</c> was given.</param>
    /// <param name="consequence">A sentence.</param>
    /// <param name="order">Takes the confirmation; null: none.</param>
    /// <exception cref="UserFault">Another name was typed.</exception>
    /// <exception cref="NetDeployApiException">The server refused.</exception>
    public static async Task<T> OrderAsync<T>(string name, bool confirmed, string consequence, TextReader? person, Func<string?, Task<T>> order)
    {
        try
        {
            return await order(confirmed ? name : null).ConfigureAwait(false);
        }
        catch (NetDeployApiException e) when (!confirmed && e.Confirm is not null && person is not null)
        {
            await Console.Error.WriteAsync($"{e.Message} {consequence} Type the name {e.Confirm} to go on: ").ConfigureAwait(false);
            var typed = (await person.ReadLineAsync().ConfigureAwait(false))?.Trim();
            if (typed != e.Confirm)
            {
                throw new UserFault($"'{typed}' is not '{e.Confirm}': nothing was done.", "Run the command again, or give --yes.");
            }
        }

        return await order(name).ConfigureAwait(false);
    }
}
