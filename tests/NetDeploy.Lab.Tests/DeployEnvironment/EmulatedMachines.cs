namespace NetDeploy.Lab.Tests.DeployEnvironment;

/// <summary>Emulated machines want a processor each: these classes run one after the other, beside <see cref="EmulatedInstallations"/>.</summary>
[CollectionDefinition(Name)]
public sealed class EmulatedMachines
{
    public const string Name = "emulated machines";
}

/// <summary>The longest ones. Two collections, and two at a time in <c>xunit.runner.json</c>: as many as the smallest machine has processors.</summary>
[CollectionDefinition(Name)]
public sealed class EmulatedInstallations
{
    public const string Name = "emulated installations";
}
