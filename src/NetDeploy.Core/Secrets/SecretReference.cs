using NetDeploy.Core.Machines;

namespace NetDeploy.Core.Secrets;

/// <summary>What a document says instead of a secret's value.</summary>
/// <param name="Strength">How well the machine must have shown who it is before it gets the value.</param>
public sealed record SecretReference(string Name, IdentityStrength Strength);
