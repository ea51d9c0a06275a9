using System.Collections.Immutable;
using NetDeploy.Core.Enrolment;
using NetDeploy.Protocols;

namespace NetDeploy.Server.Deployments;

/// <summary>A machine that asked and is in no document.</summary>
/// <param name="Newcomer">What it and its relay said.</param>
/// <param name="Judgement">What the enrolment rules said of it last; null before they were asked.</param>
public sealed record SeenMachine(
    MacAddress Mac, Guid? Uuid, string? Architecture, string Reason, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, long Times, Newcomer Newcomer, EnrolmentJudgement? Judgement = null);

/// <summary>Machines that asked and that nobody declared. At most 1024; the one seen longest ago is forgotten.</summary>
public sealed class SeenMachines(TimeProvider clock)
{
    public const int Bound = 1024;

    private readonly Dictionary<MacAddress, SeenMachine> _seen = [];
    private readonly Lock _gate = new();

    public void Saw(MacAddress mac, Guid? uuid, string? architecture, string reason) => Change(mac, known => known with
    {
        Uuid = uuid ?? known.Uuid,
        Architecture = architecture ?? known.Architecture,
        Reason = reason,
        Times = known.Times + 1,
    });

    /// <summary>Adds to what is known of it, and answers with that.</summary>
    public Newcomer Know(MacAddress mac, Func<Newcomer, Newcomer> learn) => Change(mac, known =>
    {
        var newcomer = learn(known.Newcomer);
        return known with { Newcomer = newcomer, Uuid = newcomer.Uuid ?? known.Uuid };
    }).Newcomer;

    public void Judged(MacAddress mac, EnrolmentJudgement judgement) => Change(mac, known => known with { Judgement = judgement });

    public SeenMachine? Find(MacAddress mac)
    {
        lock (_gate)
        {
            return _seen.GetValueOrDefault(mac);
        }
    }

    /// <summary>Last seen first.</summary>
    public ImmutableArray<SeenMachine> List()
    {
        lock (_gate)
        {
            return [.. _seen.Values.OrderByDescending(s => s.LastSeen)];
        }
    }

    private SeenMachine Change(MacAddress mac, Func<SeenMachine, SeenMachine> change)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            if (!_seen.TryGetValue(mac, out var known))
            {
                if (_seen.Count >= Bound)
                {
                    _seen.Remove(_seen.MinBy(s => s.Value.LastSeen).Key);
                }

                known = new SeenMachine(mac, null, null, "it asked", now, now, 0, new Newcomer(mac));
            }

            return _seen[mac] = change(known) with { LastSeen = now };
        }
    }
}
