using System.Collections.Immutable;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>A process that the supervisor keeps.</summary>
/// <param name="InsideNetwork">In the lab's namespace, as the server; else on the host's network, as the image worker, which needs the mirror.</param>
/// <param name="User">Runs as this unprivileged account; null: as the supervisor.</param>
/// <param name="OwnProcessTree">In a process namespace of its own: when it dies, whatever it started dies with it.</param>
internal sealed record ChildCommand(
    string Name,
    ImmutableArray<string> Arguments,
    bool InsideNetwork,
    string? User = null,
    bool OwnProcessTree = false,
    ImmutableDictionary<string, string>? Environment = null);
