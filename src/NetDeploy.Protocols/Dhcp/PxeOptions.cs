using System.Buffers.Binary;
using System.Collections.Immutable;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>Option 94: the firmware's UNDI version (RFC 4578 section 2.2).</summary>
public readonly record struct ClientNetworkInterface(byte Type, byte Major, byte Minor);

/// <summary>The options of PXE firmware (RFC 4578) and the sub-options of option 43 (PXE 2.1 section 2.2).</summary>
public static class PxeOptions
{
    public const string PxeClient = "PXEClient";

    public const string HttpClient = "HTTPClient";

    /// <summary>Sub-option 6 of option 43, PXE_DISCOVERY_CONTROL.</summary>
    public const byte DiscoveryControl = 6;

    /// <summary>Bit 3 of discovery control: load the boot file of this offer, and look for no boot server.</summary>
    public const byte UseOfferedBootFile = 0x08;

    /// <summary>Sub-option 71 of option 43, PXE_BOOT_ITEM: type and layer of the boot server that the client looks for.</summary>
    public const byte BootItem = 71;

    private const int BootItemLength = 4;
    private const byte GuidType = 0;

    extension(DhcpOptions options)
    {
        /// <summary>Option 93: the architectures the client can start, its preference first; empty where absent or of an odd length.</summary>
        public ImmutableArray<ushort> ClientArchitectures
        {
            get
            {
                if (!options.TryGet(DhcpOptionCode.ClientArchitecture, out var value) || value.Length % 2 != 0)
                {
                    return [];
                }

                var architectures = ImmutableArray.CreateBuilder<ushort>(value.Length / 2);
                for (var rest = value.Span; rest.Length > 0; rest = rest[2..])
                {
                    architectures.Add(BinaryPrimitives.ReadUInt16BigEndian(rest));
                }

                return architectures.MoveToImmutable();
            }
        }

        /// <summary>Option 94.</summary>
        public ClientNetworkInterface? ClientNetworkInterface =>
            options.TryGet(DhcpOptionCode.ClientNetworkInterface, out var v) && v.Span is [var type, var major, var minor]
                ? new ClientNetworkInterface(type, major, minor)
                : null;

        /// <summary>
        /// Option 97: the SMBIOS UUID. The wire has the bytes as SMBIOS does, its first three fields little-endian,
        /// from firmware and from iPXE alike, so that the text is what <c>dmidecode</c> shows.
        /// </summary>
        public Guid? ClientMachineIdentifier =>
            options.TryGet(DhcpOptionCode.ClientMachineIdentifier, out var v) && v.Span is [GuidType, ..] && v.Length == 17
                ? new Guid(v.Span[1..])
                : null;

        /// <summary>The boot item that a client asks a boot server for, 4 bytes; empty where it names none.</summary>
        public ReadOnlyMemory<byte> RequestedBootItem =>
            options.TryGet(DhcpOptionCode.VendorSpecific, out var list) && EncapsulatedOptions.TryGet(list.Span, BootItem, out var item) && item.Length == BootItemLength
                ? item.ToArray()
                : ReadOnlyMemory<byte>.Empty;

        /// <summary>Option 97 is there, but is not a type byte of 0 and 16 bytes.</summary>
        public bool HasMalformedMachineIdentifier =>
            options.Has(DhcpOptionCode.ClientMachineIdentifier) && options.ClientMachineIdentifier is null;
    }

    /// <summary>Option 43 that sends PXE firmware straight to the offered boot file: {6 = 8}, END.</summary>
    public static byte[] BootFileOnly() => EncapsulatedOptions.Write((DiscoveryControl, [UseOfferedBootFile]));

    /// <summary>Option 43 of a boot server's answer: the item that was asked for, END.</summary>
    public static byte[] AnsweredBootItem(ReadOnlySpan<byte> item) => EncapsulatedOptions.Write((BootItem, item.ToArray()));
}
