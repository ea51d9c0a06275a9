namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>A way from the lab's server to one host outside, which the supervisor keeps open.</summary>
/// <param name="Socket">The Unix socket inside the lab's folder; it goes with the lab.</param>
internal sealed record RelayPlan(string Socket, string Host, int Port)
{
    /// <summary>Files that go before those of the host; null: bytes pass as they are.</summary>
    public OverlayPlan? Overlay { get; init; }
}

/// <summary>A folder laid out as the mirror at an address is.</summary>
internal sealed record OverlayPlan(string Folder, string Upstream);
