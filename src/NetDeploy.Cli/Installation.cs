namespace NetDeploy.Cli;

/// <summary>Where the command's own data lies: the tree it was built in, or what a package installed.</summary>
internal static class Installation
{
    /// <summary>The folder that holds <c>bootfiles/</c> and <c>profiles/</c>: NETDEPLOY_HOME, else the nearest one above the program.</summary>
    /// <exception cref="UserFault">None is found.</exception>
    public static string Home => s_home.Value;

    // Not in the initialiser of the type: its UserFault would arrive as a TypeInitializationException, without the remedy.
    private static readonly Lazy<string> s_home = new(Find);

    public static string BootFiles => Path.Combine(Home, "bootfiles");

    public static string Profiles => Path.Combine(Home, "profiles");

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("NETDEPLOY_HOME") is { Length: > 0 } named)
        {
            return named;
        }

        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "bootfiles", "loaders.yaml")))
            {
                return folder;
            }
        }

        throw new UserFault("The folders bootfiles/ and profiles/ are not found.", "Set NETDEPLOY_HOME to the folder that holds them.");
    }
}
