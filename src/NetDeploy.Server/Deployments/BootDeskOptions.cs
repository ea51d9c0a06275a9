using System.Collections.Immutable;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Deployments;

/// <summary>Options of the boot path.</summary>
public sealed record BootDeskOptions
{
    /// <summary>The boot listener's port.</summary>
    public required int HttpPort { get; init; }

    /// <summary>Arguments for the kernel of the deploy environment.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <summary>Where the log of a distribution's installer is heard.</summary>
    public int SyslogPort { get; init; } = 514;

    /// <summary>The loader that a machine's document asks for, whatever its network says; null: the network's.</summary>
    public Func<Machine, UefiLoader?> LoaderOf { get; init; } = _ => null;
}
