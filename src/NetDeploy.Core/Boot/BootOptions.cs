using NetDeploy.Protocols.Dhcp;

namespace NetDeploy.Core.Boot;

/// <summary>A <see cref="BootOffer"/> as options, for a network whose addresses are ours (full DHCP mode).</summary>
public static class BootOptions
{
    /// <summary>
    /// The header's <c>file</c> and <c>siaddr</c> are filled besides options 66 and 67: shim reads only the header.
    /// </summary>
    public static DhcpPacket Apply(DhcpPacket reply, DhcpOptionsBuilder options, DhcpPacket request, BootClient client, BootOffer offer)
    {
        var server = reply.ServerAddress.ToString();
        switch (client.Stage)
        {
            case BootStage.Pxe:
                // Only a BIOS gets option 60: UEFI that sees it looks for a boot server on port 4011, and some ignores
                // the bypass in option 43. Without 60 it takes the header's file.
                if (BootFirmware.Of(client) is not { IsUefi: true })
                {
                    options.Add(DhcpOptionCode.VendorClass, PxeOptions.PxeClient)
                        .Add(DhcpOptionCode.VendorSpecific, PxeOptions.BootFileOnly());
                }

                options.Echo(DhcpOptionCode.ClientMachineIdentifier, request.Options)
                    .AddTerminated(DhcpOptionCode.TftpServerName, server)
                    .AddTerminated(DhcpOptionCode.BootFile, offer.File);
                break;

            case BootStage.Http:
                options.Add(DhcpOptionCode.VendorClass, PxeOptions.HttpClient)
                    .Add(DhcpOptionCode.BootFile, offer.File)
                    .Echo(DhcpOptionCode.ClientMachineIdentifier, request.Options);
                break;

            case BootStage.Ipxe:
                options.Add(DhcpOptionCode.Ipxe, IpxeOptions.WaitForNoProxy())
                    .Add(DhcpOptionCode.TftpServerName, server)
                    .Add(DhcpOptionCode.BootFile, offer.File);
                break;

            default:
                return reply;
        }

        return reply with { BootFile = offer.File };
    }
}
