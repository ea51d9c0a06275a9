namespace NetDeploy.Cli.Lab;

/// <summary>Who gives the blades their addresses.</summary>
internal enum LabMode
{
    Authoritative,

    /// <summary>Another DHCP server, on a host of its own; NetDeploy gives the boot files beside it.</summary>
    Proxy,
}
