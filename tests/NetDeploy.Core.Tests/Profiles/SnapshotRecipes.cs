using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

internal static class SnapshotRecipes
{
    extension(Snapshot snapshot)
    {
        /// <summary>The recipe of each machine that has one, by its name. The product never makes them all.</summary>
        public Dictionary<string, Recipe> Recipes => snapshot.Machines.Values
            .Select(machine => (machine.Name, Recipe: snapshot.Resolve(machine).Value))
            .Where(r => r.Recipe is not null)
            .ToDictionary(r => r.Name, r => r.Recipe!, StringComparer.Ordinal);
    }
}
