namespace NetDeploy.Cli.Commands;

/// <summary>What destroys a running system is asked for by the machine's name.</summary>
internal static class Confirmation
{
    /// <summary>The typed name; null where nobody is there to type, and the server then refuses what needs it.</summary>
    /// <param name="consequence">A sentence.</param>
    /// <exception cref="UserFault">Another name was typed.</exception>
    public static string? Ask(string name, string consequence)
    {
        if (Console.IsInputRedirected)
        {
            return null;
        }

        Console.Error.Write($"{consequence} Type the name {name} to go on: ");
        var typed = Console.ReadLine()?.Trim();
        return typed == name ? name : throw new UserFault($"'{typed}' is not '{name}': nothing was done.", "Run the command again, or give --yes.");
    }
}
