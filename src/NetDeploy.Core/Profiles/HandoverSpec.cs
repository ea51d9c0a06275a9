namespace NetDeploy.Core.Profiles;

/// <summary>What takes over once the system runs.</summary>
public enum HandoverKind
{
    AnsiblePull,
    Puppet,
    Salt,
    Command,
}

/// <summary>The hand-over to configuration management: run once, at the first boot, after the scripts of that phase.</summary>
public sealed record HandoverSpec
{
    public required HandoverKind By { get; init; }

    /// <summary>Ansible: address of the git repository.</summary>
    public string? Repository { get; init; }

    /// <summary>Ansible: branch, tag or commit; null: what the repository calls its head.</summary>
    public string? Reference { get; init; }

    /// <summary>Ansible: path of the playbook in the repository.</summary>
    public string? Playbook { get; init; }

    /// <summary>Puppet's server, Salt's master.</summary>
    public string? Server { get; init; }

    /// <summary>Puppet: null: the server's choice.</summary>
    public string? Environment { get; init; }

    /// <summary>Command: a script, from <c>#!</c> on.</summary>
    public string? Content { get; init; }

    /// <summary>It is stopped after this, and has failed.</summary>
    public TimeSpan Limit { get; init; } = DefaultLimit;

    public static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(30);
}
