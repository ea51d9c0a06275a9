namespace NetDeploy.Protocols.Dhcp;

/// <summary>Option 82: what the relay says of the port the client hangs on (RFC 3046, RFC 3527).</summary>
public static class RelayAgentInformation
{
    public const byte CircuitIdCode = 1;

    public const byte RemoteIdCode = 2;

    /// <summary>RFC 3527: the client's subnet, where giaddr is not in it.</summary>
    public const byte LinkSelectionCode = 5;

    extension(DhcpOptions options)
    {
        /// <summary>Sub-option 1 as hex in lower case.</summary>
        public string? CircuitId => Hex(options, CircuitIdCode);

        /// <summary>Sub-option 2 as hex in lower case.</summary>
        public string? RemoteId => Hex(options, RemoteIdCode);

        /// <summary>Sub-option 5.</summary>
        public Ipv4Address? LinkSelection =>
            options.TryGet(DhcpOptionCode.RelayAgentInformation, out var list)
            && EncapsulatedOptions.TryGet(list.Span, LinkSelectionCode, out var value) && value.Length == 4
                ? Ipv4Address.Read(value)
                : null;
    }

    private static string? Hex(DhcpOptions options, byte code) =>
        options.TryGet(DhcpOptionCode.RelayAgentInformation, out var list) && EncapsulatedOptions.TryGet(list.Span, code, out var value)
            ? Convert.ToHexStringLower(value)
            : null;
}
