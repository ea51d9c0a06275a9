using System.Collections.Immutable;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Profiles;

/// <summary>What opens an encrypted device when the machine starts.</summary>
public enum UnlockMethod
{
    /// <summary>The machine's own TPM 2.0: the disk opens in this machine alone.</summary>
    Tpm2,

    /// <summary>A Tang server on the network: the disk opens where that server is reached.</summary>
    Tang,

    /// <summary>A person who types the passphrase at each start: not hands-off.</summary>
    Console,
}

/// <summary>LUKS 2 on a partition, an array or a logical volume.</summary>
public sealed record EncryptionSpec
{
    public required UnlockMethod Unlock { get; init; }

    /// <summary>Only with <see cref="UnlockMethod.Tang"/>.</summary>
    public TangSpec? Tang { get; init; }

    /// <summary>Only with <see cref="UnlockMethod.Tpm2"/>: the registers (SHA-256 bank) that must be as they were at the installation. Empty: the TPM alone.</summary>
    public ImmutableArray<int> Pcrs { get; init; } = [];

    /// <summary>What a person may type instead. Null: nothing but <see cref="Unlock"/> opens the device; the machine is built anew where that is gone.</summary>
    public SecretReference? Passphrase { get; init; }
}

/// <param name="Url">Such as <c>http://10.77.0.1:7500</c>.</param>
/// <param name="Thumbprint">Of the key that signs the server's advertisement; null: whatever key answers at the installation is trusted.</param>
public sealed record TangSpec(string Url, string? Thumbprint);
