using System.Buffers.Binary;
using System.Net;
using NetDeploy.Core.Addressing;

namespace NetDeploy.Core.Enrolment;

/// <summary>Addresses for machines that a rule enrols.</summary>
public static class FreeAddress
{
    /// <summary>A range that is longer is searched no further: it would take a machine a second each.</summary>
    private const uint MostTried = 1 << 16;

    /// <summary>The lowest address of the range that nobody has; null where there is none.</summary>
    public static IPAddress? In(AddressPool range, Func<IPAddress, bool> isTaken)
    {
        var (first, last) = (Number(range.First), Number(range.Last));
        for (uint offset = 0; offset < MostTried && offset <= last - first; offset++)
        {
            var address = Address(first + offset);
            if (!isTaken(address))
            {
                return address;
            }
        }

        return null;
    }

    private static uint Number(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static IPAddress Address(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
