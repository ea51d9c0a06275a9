using NetDeploy.Core.Enrolment;

namespace NetDeploy.Core.Machines;

/// <summary>What tells one board from all others: a UUID, or a serial number where the UUID is none. What tells nothing is null.</summary>
public sealed record HardwareIdentity(Guid? Uuid, string? Serial)
{
    /// <summary>What vendors leave in the place of a serial number; in lower case.</summary>
    private static readonly HashSet<string> JunkSerials = new(StringComparer.OrdinalIgnoreCase)
    {
        "0", "none", "n/a", "na", "unknown", "default string", "default", "not specified", "not available", "not applicable", "system serial number", "serial number",
        "to be filled by o.e.m.", "to be filled by oem", "o.e.m.", "oem", "0123456789", "123456789", "1234567890", "invalid", "chassis serial number", "xxxxxxxxxx",
    };

    /// <summary>Null where neither tells anything.</summary>
    public static HardwareIdentity? Of(Guid? uuid, string? serial)
    {
        var known = uuid is { } given && !SmbiosUuid.IsJunk(given) ? SmbiosUuid.Canonical(given) : (Guid?)null;
        var number = IsSerial(serial) ? Plain(serial) : null;
        return known is null && number is null ? null : new(known, number);
    }

    /// <summary>False for an empty one, one of a single repeated character, and those that many boards share.</summary>
    public static bool IsSerial(string? serial) =>
        serial?.Trim() is { Length: > 0 } text && !JunkSerials.Contains(text) && text.Distinct().Take(2).Count() == 2;

    /// <summary>What differs in what was told of some hardware; null where it is this one.</summary>
    public string? Difference(Guid? uuid, string? serial)
    {
        if (Uuid is { } own)
        {
            return uuid is { } told && SmbiosUuid.Canonical(told) == own ? null : $"its UUID is {(uuid is null ? "not told" : uuid.ToString())}, not {own}";
        }

        return Plain(serial) == Serial ? null : $"its serial number is '{serial}', not '{Serial}'";
    }

    /// <summary>As it is kept of a newcomer: iPXE and the kernel do not send all bytes of it alike.</summary>
    private static string Plain(string? serial) => Smbios.Of(null, null, serial).Serial;
}
