using System.Collections.Immutable;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Profiles;

/// <summary>
/// A system, free of any distribution's words: the subtree <c>system</c> of the documents, resolved for one machine.
/// </summary>
public sealed record SystemSpec
{
    /// <summary>A DNS label.</summary>
    public required string HostName { get; init; }

    /// <summary>Null: the host has no domain of its own.</summary>
    public string? Domain { get; init; }

    public RootSpec Root { get; init; } = new();

    public ImmutableArray<GroupSpec> Groups { get; init; } = [];

    public ImmutableArray<UserSpec> Users { get; init; } = [];

    /// <summary>Names of the distro's family, in the order of the layers.</summary>
    public ImmutableArray<string> Packages { get; init; } = [];

    public ImmutableArray<RepositorySpec> Repositories { get; init; } = [];

    public required StorageSpec Storage { get; init; }

    public ImmutableArray<NicSpec> Nics { get; init; } = [];

    public ImmutableArray<BondSpec> Bonds { get; init; } = [];

    public ImmutableArray<VlanSpec> Vlans { get; init; } = [];

    public ImmutableArray<BridgeSpec> Bridges { get; init; } = [];

    /// <summary>Null: the system filters nothing.</summary>
    public FirewallSpec? Firewall { get; init; }

    /// <summary>Null: none in particular.</summary>
    public MachineRole? Role { get; init; }

    /// <summary>Resolvers and search domains of the machine as a whole.</summary>
    public DnsSpec Dns { get; init; } = new();

    /// <summary>Such as <c>C.UTF-8</c> or <c>de_DE.UTF-8</c>.</summary>
    public string Locale { get; init; } = "C.UTF-8";

    public KeyboardSpec Keyboard { get; init; } = new("us", null);

    /// <summary>A name of the IANA time zone database.</summary>
    public string TimeZone { get; init; } = "Etc/UTC";

    /// <summary>Empty: what the distribution is set to.</summary>
    public ImmutableArray<string> NtpServers { get; init; } = [];

    public ImmutableArray<ServiceSpec> Services { get; init; } = [];

    /// <summary>Each without white space or quotes: they pass through a boot loader's configuration.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    public ImmutableArray<ScriptSpec> Scripts { get; init; } = [];

    /// <summary>Null: nobody takes over.</summary>
    public HandoverSpec? Handover { get; init; }

    /// <summary>What <c>ssh-keygen -t</c> knows: <c>ed25519</c>, <c>ecdsa</c>, <c>rsa</c>.</summary>
    public ImmutableArray<string> SshHostKeyTypes { get; init; } = ["ed25519"];

    /// <summary>Every interface, what others lie on first.</summary>
    public IEnumerable<InterfaceSpec> Interfaces() => [.. Nics, .. Bonds, .. Vlans, .. Bridges];
}

/// <summary>What a machine is there for, where that needs more than packages.</summary>
public enum MachineRole
{
    /// <summary>Xen below, this system as Dom0.</summary>
    XenHost,

    /// <summary>KVM by libvirt.</summary>
    KvmHost,
}

/// <summary>A crypt(3) hash, in the document or stored apart; both null: the password is locked.</summary>
public sealed record PasswordSpec(string? Hash, SecretReference? Secret);

/// <summary>The account that exists already.</summary>
public sealed record RootSpec
{
    /// <summary>Null: locked.</summary>
    public PasswordSpec? Password { get; init; }

    /// <summary>Lines as in <c>authorized_keys</c>.</summary>
    public ImmutableArray<string> SshKeys { get; init; } = [];
}

/// <summary>A group that the distribution does not bring itself.</summary>
/// <param name="Gid">Null: the system chooses.</param>
public sealed record GroupSpec(string Name, int? Gid);

/// <summary>An account for a person or a service.</summary>
public sealed record UserSpec
{
    public required string Name { get; init; }

    /// <summary>Null: the system chooses.</summary>
    public int? Uid { get; init; }

    /// <summary>The GECOS field.</summary>
    public string Comment { get; init; } = "";

    public string Shell { get; init; } = "/bin/bash";

    /// <summary>Null: locked; SSH keys still work.</summary>
    public PasswordSpec? Password { get; init; }

    /// <summary>Beside the user's own group.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>Lines as in <c>authorized_keys</c>.</summary>
    public ImmutableArray<string> SshKeys { get; init; } = [];
}

/// <summary>A package source, with its mirror's address filled in.</summary>
/// <param name="Key">The armored OpenPGP public key that signs it; null: the distribution's own keys do.</param>
public sealed record RepositorySpec(string Name, string Uri, string Suite, ImmutableArray<string> Components, string? Key = null);

/// <summary>A keyboard in XKB's words.</summary>
public sealed record KeyboardSpec(string Layout, string? Variant);

/// <summary>What a service shall be from the first boot on.</summary>
public enum ServiceState
{
    Enabled,
    Disabled,
    Masked,
}

public sealed record ServiceSpec(string Name, ServiceState State);

/// <summary>When a script runs.</summary>
public enum ScriptPhase
{
    /// <summary>In the image, by the worker that builds it.</summary>
    Build,

    /// <summary>On the machine that is being installed.</summary>
    Install,

    /// <summary>Once in the installed system, when it has reported itself.</summary>
    FirstBoot,
}

/// <param name="Content">Starts with <c>#!</c>, ends with a newline.</param>
public sealed record ScriptSpec(string Name, ScriptPhase Phase, string Content);
