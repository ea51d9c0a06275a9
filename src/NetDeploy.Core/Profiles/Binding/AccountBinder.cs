using System.Collections.Immutable;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Profiles.Binding;

/// <summary>Root, groups and users.</summary>
internal static class AccountBinder
{
    public static RootSpec ReadRoot(MapCursor system, DiagnosticBag diagnostics)
    {
        var root = system.Below("root");
        return new() { Password = ReadPassword(root, diagnostics), SshKeys = root.Texts("sshKeys") };
    }

    public static ImmutableArray<GroupSpec> ReadGroups(MapCursor system) =>
        [.. system.Items("groups").Select(g => new GroupSpec(g.Text("name")!, g.Number("gid")))];

    public static ImmutableArray<UserSpec> ReadUsers(MapCursor system, DiagnosticBag diagnostics)
    {
        var users = ImmutableArray.CreateBuilder<UserSpec>();
        foreach (var user in system.Items("users"))
        {
            var name = user.Text("name")!;
            if (ReservedAccounts.IsReserved(name))
            {
                var remedy = name == "root" ? "Write its password and keys under 'system.root'." : "Take another name, such as ops.";
                diagnostics.Error(user.OriginOf("name"), user.Path, $"the name '{name}' is reserved for a system account or group of a distribution.", remedy);
            }

            users.Add(new()
            {
                Name = name,
                Uid = user.Number("uid"),
                Comment = user.Text("comment") ?? "",
                Shell = user.Text("shell") ?? "/bin/bash",
                Password = ReadPassword(user, diagnostics),
                Groups = [.. user.Texts("groups").Distinct()],
                SshKeys = user.Texts("sshKeys"),
            });
        }

        return users.ToImmutable();
    }

    /// <summary>What must hold among accounts.</summary>
    public static void Check(MapCursor system, SystemSpec read, DiagnosticBag diagnostics)
    {
        var uids = new Dictionary<int, string>();
        foreach (var (user, cursor) in read.Users.Zip(system.Items("users")))
        {
            if (user.Uid is { } uid && !uids.TryAdd(uid, user.Name))
            {
                diagnostics.Error(cursor.OriginOf("uid"), cursor.PathOf("uid"), $"user id {uid} also belongs to '{uids[uid]}'.", "Give each user its own.");
            }

            foreach (var group in user.Groups.Where(g => !ReservedAccounts.DebianGroups.Contains(g) && read.Groups.All(d => d.Name != g)))
            {
                diagnostics.Error(cursor.OriginOf("groups"), cursor.PathOf("groups"), $"no group '{group}' is known.", "Add it under 'system.groups', also where a package brings it.");
            }
        }

        var gids = new Dictionary<int, string>();
        foreach (var (group, cursor) in read.Groups.Zip(system.Items("groups")))
        {
            if (group.Gid is { } gid && !gids.TryAdd(gid, group.Name))
            {
                diagnostics.Error(cursor.OriginOf("gid"), cursor.PathOf("gid"), $"group id {gid} also belongs to '{gids[gid]}'.", "Give each group its own.");
            }

            if (read.Users.Any(u => u.Name == group.Name))
            {
                diagnostics.Error(cursor.At, cursor.Path, $"the user '{group.Name}' gets a group of this name by itself.", "Remove the group.");
            }
        }

        if (read.Root is { Password: null, SshKeys.Length: 0 } && read.Users.All(u => u is { Password: null, SshKeys.Length: 0 }))
        {
            diagnostics.Warning(system.OriginOf("users"), "system.users", "no account has a password or an SSH key: nobody can log in.", "Give a user sshKeys.");
        }
    }

    private static PasswordSpec? ReadPassword(MapCursor account, DiagnosticBag diagnostics)
    {
        var reference = account.Below("passwordHash");
        if (reference.Text("secret") is { } name)
        {
            // A hash is released to a claimed identity: the least that a reference can ask for.
            var strength = Enum.Parse<IdentityStrength>(reference.Text("strength") ?? nameof(IdentityStrength.Claimed), ignoreCase: true);
            return new(null, new(name, strength));
        }

        if (reference.Map is not null)
        {
            diagnostics.Error(reference.At, reference.Path, "the reference names no secret.", "Write {secret: NAME}.");
        }

        return account.Text("passwordHash") is { } hash ? new(hash, null) : null;
    }
}
