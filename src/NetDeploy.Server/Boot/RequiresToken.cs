using NetDeploy.Core.Deployments;

namespace NetDeploy.Server.Boot;

/// <summary>Declares on an endpoint that a deployment's token of this phase opens it. A test finds the endpoints that declare nothing.</summary>
internal sealed record RequiresToken(TokenPhase Phase);

/// <summary>Declares on an endpoint that it only reads, and nothing secret.</summary>
internal sealed record ReadsOnly;
