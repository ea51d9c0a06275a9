using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>The key <c>encryption</c> of a partition, array or volume.</summary>
internal static class EncryptionBinder
{
    /// <summary>
    /// Firmware's own code and that of its cards (PC Client Platform Firmware Profile, section 3.3.4). Register 1 has the boot
    /// entries, and firmware adds one for a new disk. The others hold what was started, which is not what the installed system
    /// starts by. Also 7: each shim measures into it, with Secure Boot or without, and a disk that is started through the network
    /// has two, the installation and a start without the server one.
    /// </summary>
    private static readonly ImmutableArray<int> StablePcrs = [0, 2, 3];

    /// <returns>Null where nothing is encrypted, or where it is not said what unlocks it.</returns>
    public static EncryptionSpec? Read(MapCursor device, DiagnosticBag diagnostics)
    {
        if (!device.Has("encryption"))
        {
            return null;
        }

        var encryption = device.Below("encryption");
        UnlockMethod? unlock = encryption.Text("unlock") switch
        {
            "tpm2" => UnlockMethod.Tpm2,
            "tang" => UnlockMethod.Tang,
            "console" => UnlockMethod.Console,
            _ => null,
        };
        if (unlock is not { } method)
        {
            diagnostics.Error(encryption.At, encryption.PathOf("unlock"), "it is not said what unlocks the device.", "Write unlock: tpm2 or unlock: tang; console is for machines with a person before them.");
            return null;
        }

        foreach (var (key, owner) in (ReadOnlySpan<(string, UnlockMethod)>)[("tang", UnlockMethod.Tang), ("tpm2", UnlockMethod.Tpm2)])
        {
            if (encryption.Has(key) && method != owner)
            {
                diagnostics.Error(encryption.OriginOf(key), encryption.PathOf(key), $"'{key}' does not go with unlock: {encryption.Text("unlock")}.", $"Write unlock: {key}, or remove it.");
            }
        }

        return new()
        {
            Unlock = method,
            Tang = method == UnlockMethod.Tang ? ReadTang(encryption, diagnostics) : null,
            Pcrs = method == UnlockMethod.Tpm2 ? ReadPcrs(encryption.Below("tpm2"), diagnostics) : [],
            Passphrase = ReadPassphrase(encryption, method, diagnostics),
        };
    }

    private static TangSpec? ReadTang(MapCursor encryption, DiagnosticBag diagnostics)
    {
        var tang = encryption.Below("tang");
        if (tang.Text("url") is not { } url)
        {
            diagnostics.Error(encryption.Has("tang") ? tang.At : encryption.At, tang.PathOf("url"), "it is not said which Tang server unlocks the device.", "Add 'tang: {url: http://ADDRESS:PORT, thumbprint: ...}'.");
            return null;
        }

        if (!url.StartsWith("http://", StringComparison.Ordinal) || !IPAddress.TryParse(new Uri(url).Host, out _))
        {
            diagnostics.Error(tang.OriginOf("url"), tang.PathOf("url"), $"'{url}' is asked before the disk is open, where no name is resolved and no certificate is known.", "Write http:// and an address, such as http://10.77.0.1:7500; what Tang says needs no TLS.");
        }

        var thumbprint = tang.Text("thumbprint");
        if (thumbprint is null == (tang.Flag("trust") != true))
        {
            diagnostics.Error(tang.At, tang.Path, thumbprint is null ? "nothing says which key of this server is trusted." : "a thumbprint and trust: true contradict each other.", "Write the thumbprint that 'tang-show-keys PORT' prints there; or trust: true, for whatever key answers at the installation.");
        }

        return new(url, thumbprint);
    }

    private static ImmutableArray<int> ReadPcrs(MapCursor tpm, DiagnosticBag diagnostics)
    {
        ImmutableArray<int> pcrs = [.. tpm.Texts("pcrs").Select(n => int.Parse(n, CultureInfo.InvariantCulture)).Distinct().Order()];
        if (pcrs.Any(p => !StablePcrs.Contains(p)))
        {
            diagnostics.Error(tpm.OriginOf("pcrs"), tpm.PathOf("pcrs"), $"register {pcrs.First(p => !StablePcrs.Contains(p))} is not the same in the deploy environment and at each start of the installed system: it would not unlock.", $"Take some of {string.Join(", ", StablePcrs)}, or none: then the TPM alone decides.");
        }

        return pcrs;
    }

    private static SecretReference? ReadPassphrase(MapCursor encryption, UnlockMethod method, DiagnosticBag diagnostics)
    {
        var passphrase = encryption.Below("passphrase");
        if (passphrase.Text("secret") is not { } name)
        {
            if (encryption.Has("passphrase"))
            {
                diagnostics.Error(passphrase.At, passphrase.Path, "the reference names no secret.", "Write {secret: NAME}.");
            }
            else if (method == UnlockMethod.Console)
            {
                diagnostics.Error(encryption.At, encryption.PathOf("passphrase"), "there is no passphrase that a person could type.", "Add 'passphrase: {secret: NAME}' and store it: netdeploy secret set NAME.");
            }

            return null;
        }

        // A passphrase opens the disk for whoever has it: a MAC address in a packet is not enough to be told.
        var strength = Enum.Parse<IdentityStrength>(passphrase.Text("strength") ?? nameof(IdentityStrength.Wired), ignoreCase: true);
        if (strength < IdentityStrength.Wired)
        {
            diagnostics.Error(passphrase.OriginOf("strength"), passphrase.PathOf("strength"), "a passphrase is not released to a machine that only claimed its identity.", "Write strength: wired or above, or leave it out.");
        }

        return new(name, strength);
    }
}
