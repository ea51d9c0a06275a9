using System.Collections.Immutable;
using System.Net;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;
using static NetDeploy.Core.Deployments.DeploymentEvent;

namespace NetDeploy.Core.Tests.Deployments;

/// <summary>A deployment and the events that lead it along its life.</summary>
internal static class Lives
{
    public const string Id = "0190aa";
    public const string Boot1 = "0190aa.1";
    public const string Boot2 = "0190aa.2";
    public static readonly IPAddress Blade = IPAddress.Parse("10.77.0.10");
    public static readonly IPAddress Neighbour = IPAddress.Parse("10.77.0.99");
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly DeploymentLimits Limits = new();

    // One array: records compare immutable arrays by identity.
    private static readonly ImmutableArray<string> Keys = ["ssh-ed25519 AAAA"];

    public static Deployment New() => new()
    {
        Id = Id,
        MachineId = "m1",
        MachineName = "blade1",
        RecipeHash = "r",
        Generation = "g1",
        CreatedAt = Noon,
        HeardAt = Noon,
    };

    public static BootScriptFetched Fetch(string? mark, IPAddress? source = null) =>
        new(source ?? Blade, mark, IdentityStrength.Claimed, new BootTokens("n" + mark, "d" + mark, "f" + mark));

    /// <summary>Applies events in order and returns the last outcome.</summary>
    public static Outcome Live(Deployment deployment, params DeploymentEvent[] events)
    {
        Outcome? outcome = null;
        foreach (var happened in events)
        {
            outcome = DeploymentLife.Apply(deployment, happened, Limits, Noon);
            deployment = outcome.Next;
        }

        return outcome!;
    }

    public static IEnumerable<TimelineNote> Alarms(Outcome outcome) => outcome.Notes.Where(n => n.Severity == TimelineSeverity.Alarm);

    public static Deployment Granted() => Live(New(), new ImageReady("sha")).Next;

    public static Deployment Booting() => Live(Granted(), Fetch("a")).Next;

    public static Deployment Claimed() => Live(Booting(), new ClaimRequested(Boot1, "root /dev/vda")).Next;

    public static Deployment Written() => Live(Claimed(), new WrittenReported(Boot1, null, 60)).Next;

    public static Deployment Installed() => Live(Written(), FirstBoot(Boot1)).Next;

    public static FirstBootReported FirstBoot(string boot) => new(boot, "6.1", "blade1", "10.77.0.10", Keys);
}
