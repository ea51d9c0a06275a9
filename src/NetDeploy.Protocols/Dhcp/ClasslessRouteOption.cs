using System.Collections.Immutable;

namespace NetDeploy.Protocols.Dhcp;

/// <summary>A destination of option 121.</summary>
/// <param name="PrefixLength">0 to 32.</param>
public readonly record struct ClasslessRoute(Ipv4Address Destination, int PrefixLength, Ipv4Address Router);

/// <summary>Option 121 (RFC 3442): a client that takes it ignores option 3, so a default route has to be in it as well.</summary>
public static class ClasslessRouteOption
{
    extension(DhcpOptions options)
    {
        /// <summary>The routes; null where the option is absent or broken.</summary>
        public ImmutableArray<ClasslessRoute>? ClasslessRoutes =>
            options.TryGet(DhcpOptionCode.ClasslessRoutes, out var value) ? Read(value.Span) : null;
    }

    /// <summary>The option's value.</summary>
    public static byte[] Write(IEnumerable<ClasslessRoute> routes) =>
    [
        .. routes.SelectMany(r => (byte[])
        [
            (byte)r.PrefixLength,
            .. r.Destination.ToBytes().AsSpan(0, SignificantBytes(r.PrefixLength)),
            .. r.Router.ToBytes(),
        ]),
    ];

    private static ImmutableArray<ClasslessRoute>? Read(ReadOnlySpan<byte> value)
    {
        var routes = ImmutableArray.CreateBuilder<ClasslessRoute>();
        var reader = new DhcpReader(value);
        Span<byte> destination = stackalloc byte[4];
        while (reader.Remaining > 0)
        {
            var prefix = reader.Byte();
            if (prefix > 32)
            {
                return null;
            }

            destination.Clear();
            reader.Take(SignificantBytes(prefix)).CopyTo(destination);
            routes.Add(new ClasslessRoute(Ipv4Address.Read(destination), prefix, reader.Address()));
        }

        return reader.Failed ? null : routes.ToImmutable();
    }

    private static int SignificantBytes(int prefixLength) => (prefixLength + 7) / 8;
}
