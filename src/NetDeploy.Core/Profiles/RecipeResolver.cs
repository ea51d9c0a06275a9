namespace NetDeploy.Core.Profiles;
internal static class RecipeResolver
{
    public static Result<Recipe> Resolve(Snapshot snapshot, MachineSpec machine) => throw new NotSupportedException(machine.Name + snapshot);
}
