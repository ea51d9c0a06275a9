namespace NetDeploy.Protocols.Dhcp;

/// <summary>Option 175: iPXE's sub-options.</summary>
public static class IpxeOptions
{
    /// <summary>The user class iPXE sends in option 77.</summary>
    public const string UserClass = "iPXE";

    /// <summary>Sub-option 176, <c>no-pxedhcp</c>.</summary>
    public const byte NoPxeDhcp = 176;

    /// <summary>Option 175 that keeps iPXE from waiting for a ProxyDHCP server: {176 = 1}, END.</summary>
    public static byte[] WaitForNoProxy() => EncapsulatedOptions.Write((NoPxeDhcp, [1]));
}
