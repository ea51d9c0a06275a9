namespace NetDeploy.Lab.Tests.Kills;

/// <summary>The server of this life was killed; whoever spoke with it stops until the next one is up.</summary>
internal sealed class ServerGone : Exception;
