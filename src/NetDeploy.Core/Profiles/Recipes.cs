using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace NetDeploy.Core.Profiles;

/// <summary>The recipes of a snapshot's machines, resolved when somebody asks and never kept: a machine that does not resolve has none.</summary>
internal sealed class Recipes(Snapshot snapshot) : IReadOnlyDictionary<string, Recipe>
{
    public IEnumerable<string> Keys => All().Select(r => r.Key);

    public IEnumerable<Recipe> Values => All().Select(r => r.Value);

    /// <summary>Resolves them all.</summary>
    public int Count => All().Count();

    public Recipe this[string key] => TryGetValue(key, out var recipe) ? recipe : throw new KeyNotFoundException($"No machine '{key}' has a recipe.");

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Recipe value)
    {
        value = snapshot.Machines.TryGetValue(key, out var machine) ? snapshot.Resolve(machine).Value : null;
        return value is not null;
    }

    public IEnumerator<KeyValuePair<string, Recipe>> GetEnumerator() => All().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private IEnumerable<KeyValuePair<string, Recipe>> All()
    {
        foreach (var machine in snapshot.Machines.Values)
        {
            if (snapshot.Resolve(machine).Value is { } recipe)
            {
                yield return new(machine.Name, recipe);
            }
        }
    }
}
