using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>A checked recipe to steps, in the order of <c>bootfiles/deploy/PROTOCOL.md</c>.</summary>
internal static class PlanCompiler
{
    public static Plan Compile(Recipe recipe, PlanContext context)
    {
        var system = recipe.System;
        return new(
        [
            new PlanHeader(context.Deployment, recipe.Machine),
            .. Requirements(system),
            .. StorageSteps.Of(system.Storage, context),
            new Unpack(context.ImageSha256, context.ImageLength),
            .. Configuration(recipe, context),
            new Finish(),
        ]);
    }

    /// <summary>What makes a system that is on the disk this machine: the same steps whoever put it there, an image or an installer.</summary>
    public static IEnumerable<PlanStep> Configuration(Recipe recipe, PlanContext context)
    {
        var system = recipe.System;
        return
        [
            .. DebianFiles.Of(recipe, context),
            .. Accounts(system, context),
            .. Services(system),
            new HostKeys(system.SshHostKeyTypes),
            .. StorageSteps.Unlocks(system.Storage),
            .. StorageSteps.Boot(system.Storage, system.KernelArguments),
            .. system.Scripts.Where(s => s.Phase == ScriptPhase.Install).Select(s => new Script(s.Name, s.Content)),
            new FirstBoot($"{context.ServerUrl.GetLeftPart(UriPartial.Authority)}/deploy/{context.Deployment}/installed", context.FirstBootToken),
        ];
    }

    /// <summary>What must be true of the machine, seen before the claim.</summary>
    internal static IEnumerable<PlanStep> Requirements(SystemSpec system)
    {
        if (system.Role == MachineRole.XenHost)
        {
            yield return new RequireSecureBootOff("role xen-host: Debian's Xen is not signed");
        }
    }

    private static IEnumerable<PlanStep> Accounts(SystemSpec system, PlanContext context)
    {
        foreach (var group in system.Groups)
        {
            yield return new Group(group.Name, group.Gid);
        }

        // Without a password of its own root is locked, whatever the image's builder left there.
        yield return new User("root", null, "", "", Hash(system.Root.Password, context), []);
        if (system.Root.SshKeys.Length > 0)
        {
            yield return new AuthorizedKeys("root", system.Root.SshKeys);
        }

        foreach (var user in system.Users)
        {
            yield return new User(user.Name, user.Uid, user.Comment, user.Shell, Hash(user.Password, context), user.Groups);
            if (user.SshKeys.Length > 0)
            {
                yield return new AuthorizedKeys(user.Name, user.SshKeys);
            }
        }
    }

    private static ImmutableArray<Service> Services(SystemSpec system)
    {
        var declared = system.Services.Select(s => new Service(s.Name, s.State));
        return system.Services.Any(s => s.Name is "systemd-networkd" or "systemd-networkd.service")
            ? [.. declared]
            : [new Service("systemd-networkd", ServiceState.Enabled), .. declared];
    }

    private static PlanArgument Hash(PasswordSpec? password, PlanContext context) =>
        password?.Secret is { } reference ? context.Secrets[reference.Name] : PlanArgument.FromHash(password?.Hash ?? "");
}
