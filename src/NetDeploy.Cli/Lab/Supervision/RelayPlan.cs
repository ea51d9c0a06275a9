namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>A way from the lab's server to one host outside, which the supervisor keeps open.</summary>
/// <param name="Socket">The Unix socket inside the lab's folder; it goes with the lab.</param>
internal sealed record RelayPlan(string Socket, string Host, int Port);
