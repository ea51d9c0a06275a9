using NetDeploy.Core.Targets;

namespace NetDeploy.Core.Profiles;

/// <summary>
/// A profile that no machine has yet is tried on a machine that has nothing else. What is wrong is a warning: another profile or
/// the machine itself may bring what it lacks.
/// </summary>
internal static class ProfileCheck
{
    public static IEnumerable<Diagnostic> Run(Snapshot snapshot)
    {
        var used = Used(snapshot);
        foreach (var profile in snapshot.Profiles.Keys.Where(p => !used.Contains(p)))
        {
            // One distro that takes it is enough: packages and repositories go by distro.
            var tries = snapshot.Distros.Keys.Select(distro => Errors(snapshot, profile, distro)).ToArray();
            if (tries.Length > 0 && tries.All(t => t.Length > 0))
            {
                foreach (var wrong in tries[0])
                {
                    yield return wrong with
                    {
                        Severity = Severity.Warning,
                        Message = $"{wrong.Message} No machine has profile '{profile}' yet; one that had it alone would be refused.",
                    };
                }
            }
        }
    }

    private static Diagnostic[] Errors(Snapshot snapshot, string profile, string distro)
    {
        var resolved = snapshot.Resolve(new MachineSpec { Name = "machine", Distro = distro, Profiles = [profile] });
        return [.. resolved.Diagnostics.Concat(resolved.Value is { } recipe ? TargetCatalog.Check(recipe) : []).Where(d => d.Severity == Severity.Error)];
    }

    private static HashSet<string> Used(Snapshot snapshot)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(snapshot.Machines.Values.SelectMany(m => m.Profiles));
        if (!snapshot.Machines.IsEmpty)
        {
            foreach (var site in snapshot.Profiles.Values.Where(p => p.Site))
            {
                open.Push(site.Name);
            }
        }

        while (open.TryPop(out var name))
        {
            if (used.Add(name) && snapshot.Profiles.TryGetValue(name, out var profile))
            {
                foreach (var parent in profile.Parents)
                {
                    open.Push(parent);
                }
            }
        }

        return used;
    }
}
