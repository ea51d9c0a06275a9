namespace NetDeploy.Cli.Lab;

/// <summary>Where a lab lives when nobody says otherwise.</summary>
internal static class LabDefaults
{
    /// <summary>Below it each lab has a folder of its name.</summary>
    public const string Root = Commands.VerbOptions.DefaultData;

    public const string StateFolder = Root + "/lab";

    /// <summary>
    /// Boot files and images; they outlive a lab, so that the next one starts faster. <c>NETDEPLOY_CACHE</c> names another folder:
    /// two trees whose deploy environments differ do not share one.
    /// </summary>
    public static string CacheFolder { get; } =
        Environment.GetEnvironmentVariable("NETDEPLOY_CACHE") is { Length: > 0 } own ? Path.GetFullPath(own) : "/var/cache/netdeploy";

    /// <summary>Every lab's namespace begins so: <c>lab down --name X</c> never ends what another program calls X.</summary>
    public const string NamespacePrefix = "netdeploy-";

    /// <summary>The network namespace.</summary>
    public const string Namespace = NamespacePrefix + "lab";
}
