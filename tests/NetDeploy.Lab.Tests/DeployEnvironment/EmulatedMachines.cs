namespace NetDeploy.Lab.Tests.DeployEnvironment;

/// <summary>Emulated machines are slow enough one at a time: these classes do not run beside each other.</summary>
[CollectionDefinition(Name)]
public sealed class EmulatedMachines
{
    public const string Name = "emulated machines";
}
