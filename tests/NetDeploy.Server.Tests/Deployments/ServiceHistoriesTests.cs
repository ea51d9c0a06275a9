using System.Globalization;
using CsCheck;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Storage;

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>
/// Random histories against the whole service: grants, power-ons, reports by any token ever seen, neighbours, silence, and
/// a process that dies before or after a commit. A hundredth of <c>NETDEPLOY_HISTORIES</c>, and at least 1000.
/// </summary>
public class ServiceHistoriesTests
{
    private static readonly long Histories = Math.Max(
        1000, (int.TryParse(Environment.GetEnvironmentVariable("NETDEPLOY_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0) / 100);

    private static readonly int[] Weights = [0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 4, 5, 6, 6, 7, 7, 8, 9, 10, 10, 11, 12, 12, 13, 14, 15];

    private sealed record Step(int Kind, int Pick, CommitFate Fate, int Minutes);

    private static readonly Gen<Step[]> AllHistories = Gen.Select(
        Gen.Int[0, Weights.Length - 1].Select(i => Weights[i]),
        Gen.Int[0, 7],
        Gen.Frequency((12, Gen.Const(CommitFate.Commits)), (1, Gen.Const(CommitFate.DiesBefore)), (1, Gen.Const(CommitFate.DiesAfter)), (1, Gen.Const(CommitFate.LosesRace))),
        Gen.Int[0, 20],
        (kind, pick, fate, minutes) => new Step(kind, pick, fate, minutes)).Array[10, 40];

    [Fact]
    public async Task No_history_gives_a_second_claim_a_late_deploy_script_or_a_reinstall()
    {
        var ends = new int[Enum.GetValues<DeploymentState>().Length];
        await AllHistories.SampleAsync(
            async steps =>
            {
                await using var history = await History.StartAsync();
                foreach (var step in steps)
                {
                    await history.TakeAsync(step);
                }

                foreach (var state in await history.EndsAsync())
                {
                    Interlocked.Increment(ref ends[(int)state]);
                }
            },
            iter: Histories, threads: 2, print: steps => string.Join(Environment.NewLine, steps.Select(s => s.ToString())));
        foreach (var end in new[] { DeploymentState.Installed, DeploymentState.Stuck, DeploymentState.Failed, DeploymentState.Cancelled, DeploymentState.Expired })
        {
            Assert.True(ends[(int)end] > 0, $"no history reached {end}");
        }
    }

    private sealed record Known(string Deployment, string Token, TokenPhase Phase, int Boot);

    private sealed class History : IAsyncDisposable
    {
        private readonly World _world;
        private readonly ForwardingStore _store;
        private readonly List<Known> _tokens = [];
        private readonly Dictionary<string, string> _claims = [];
        private readonly Dictionary<string, DeploymentState> _states = [];
        private readonly HashSet<string> _released = [];
        private readonly HashSet<string> _quarantined = [];
        private bool _dying;

        private History(World world, ForwardingStore store)
        {
            _world = world;
            _store = store;
        }

        public static async Task<History> StartAsync()
        {
            var store = new ForwardingStore(new InMemoryRecordStore("g"));
            return new History(await World.StartAsync(store), store);
        }

        public async Task<IEnumerable<DeploymentState>> EndsAsync() =>
            (await _world.Store.DeploymentsOfAsync(_world.Machine.Id)).Select(d => d.State);

        public ValueTask DisposeAsync() => _world.DisposeAsync();

        public async Task TakeAsync(Step step)
        {
            var fate = step.Fate;
            _dying = false;
            _store.Fate = () =>
            {
                // One fault a step; a dead process commits nothing more.
                var now = _dying ? CommitFate.DiesBefore : fate;
                _dying |= now is CommitFate.DiesBefore or CommitFate.DiesAfter;
                fate = CommitFate.Commits;
                return now;
            };
            try
            {
                await ActAsync(step);
            }
            catch (StoreException)
            {
                // The process is dead: what it knew in memory goes with it.
            }

            await _world.Service.DrainEvidenceAsync();
            _store.Fate = () => CommitFate.Commits;
            if (_dying)
            {
                await _world.RestartAsync();
            }

            await CheckStatesAsync();
        }

        private async Task ActAsync(Step step)
        {
            switch (step.Kind)
            {
                case 0:
                    await _world.GrantAsync();
                    break;
                case 1:
                    await BootAsync(() => _world.PowerOnAsync());
                    break;
                case 2:
                    await BootAsync(() => _world.ScriptTokenAsync(World.Blade));
                    break;
                case 3:
                    await ClaimAsync(step);
                    break;
                case 4:
                    await WithAsync(step, TokenPhase.Deploy, c => _world.Service.ProgressAsync(c, new DeploymentProgress("step", step.Pick, null)));
                    break;
                case 5:
                    await WithAsync(step, TokenPhase.Deploy, c => _world.Service.HostKeysAsync(c, ["ssh-ed25519 AAAA"]));
                    break;
                case 6:
                    await WithAsync(step, TokenPhase.Deploy, c => _world.Service.WrittenAsync(c, null, null));
                    break;
                case 7:
                    await WithAsync(step, TokenPhase.FirstBoot, c => _world.Service.InstalledAsync(c, null, null, null, []));
                    break;
                case 8:
                    await WithAsync(step, TokenPhase.Deploy, c => _world.Service.FailedAsync(c, "step", "reason"));
                    break;
                case 9:
                    await _world.Service.CancelAsync(World.Name, "test");
                    break;
                case 10:
                    await _world.AdvanceAsync(TimeSpan.FromMinutes(step.Pick == 0 ? 61 : step.Minutes));
                    break;
                case 11:
                    await _world.RestartAsync();
                    break;
                case 12:
                    await _world.Service.ReleaseAsync(World.Name);
                    break;
                case 13:
                    await NeighbourAsync();
                    break;
                case 14:
                    await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => ClaimAsync(step with { Pick = i }))));
                    break;
                default:
                    await _world.Service.DeadlinesSettledAsync();
                    break;
            }
        }

        private async Task BootAsync(Func<Task<string?>> boot)
        {
            if (await boot() is not { } token)
            {
                return;
            }

            var deployment = (await _world.Store.DeploymentAsync(_world.Machine.DeploymentId!))!;
            lock (_claims)
            {
                Ensure(!_claims.ContainsKey(deployment.Id), "a deploy script after the claim was answered");
            }

            Ensure(deployment.ClaimedBootId is null, "a deploy script after the claim was recorded");
            Ensure(_world.Machine.Quarantine is null, "a deploy script in quarantine");
            Remember(new Known(deployment.Id, token, TokenPhase.Deploy, deployment.Boot!.Number));
            var caller = (await _world.Service.AuthenticateAsync(deployment.Id, token, World.Blade, TokenPhase.Deploy)).Caller;
            if (caller is not null && (await _world.Service.OpenForPlanAsync(caller)).FirstBootToken is { } firstBoot)
            {
                Remember(new Known(deployment.Id, firstBoot, TokenPhase.FirstBoot, deployment.Boot.Number));
            }
        }

        private Task ClaimAsync(Step step) => WithAsync(step, TokenPhase.Deploy, async caller =>
        {
            var answer = await _world.Service.ClaimAsync(caller, "root /dev/vda");
            if (answer is DeploymentAnswer.ClaimGranted)
            {
                lock (_claims)
                {
                    Ensure(!_claims.TryGetValue(caller.DeploymentId, out var boot) || boot == caller.BootId, "two boots were granted one claim");
                    _claims[caller.DeploymentId] = caller.BootId;
                }

                var stored = (await _world.Store.DeploymentAsync(caller.DeploymentId))!;
                Ensure(stored.ClaimedBootId == caller.BootId, "a claim was answered that is not in the store");
            }

            return answer;
        });

        /// <summary>Uses one of the tokens ever seen, usually the last; it opens exactly its deployment, phase and boot.</summary>
        private async Task WithAsync(Step step, TokenPhase phase, Func<Caller, Task<DeploymentAnswer>> call)
        {
            var known = _tokens.Where(t => t.Phase == phase).ToList();
            if (known.Count == 0)
            {
                return;
            }

            var token = known[step.Pick < 6 ? ^1 : new Index(step.Minutes % known.Count)];
            var deployment = (await _world.Store.DeploymentAsync(token.Deployment))!;
            var authentication = await _world.Service.AuthenticateAsync(token.Deployment, token.Token, World.Blade, phase);
            Ensure(authentication.Caller is not null == (deployment.Boot!.Number == token.Boot), "a token opened another boot, or not its own");
            if (authentication.Caller is { } caller)
            {
                await call(caller);
            }
        }

        private async Task NeighbourAsync()
        {
            foreach (var token in _tokens)
            {
                Ensure((await _world.Service.AuthenticateAsync(token.Deployment, token.Token, World.Neighbour, token.Phase)).Caller is null, "a neighbour's replay was taken");
                var other = token.Phase == TokenPhase.Deploy ? TokenPhase.FirstBoot : TokenPhase.Deploy;
                Ensure((await _world.Service.AuthenticateAsync(token.Deployment, token.Token, World.Blade, other)).Caller is null, "a token opened another phase");
                foreach (var deployment in _states.Keys.Where(id => id != token.Deployment))
                {
                    Ensure((await _world.Service.AuthenticateAsync(deployment, token.Token, World.Blade, token.Phase)).Caller is null, "a token opened another deployment");
                }
            }

            Ensure(await _world.ScriptTokenAsync(World.Neighbour) is null, "a neighbour got the script of a forged MAC");
            Ensure(await _world.ScriptTokenAsync(World.Neighbour, World.NeighbourMac) is null, "a neighbour got a script of its own");
        }

        private async Task CheckStatesAsync()
        {
            if (_world.Machine is { Quarantine: null, DeploymentId: { } id })
            {
                if (_quarantined.Contains(id))
                {
                    _released.Add(id);
                }
            }
            else if (_world.Machine.Quarantine is { } quarantine)
            {
                _quarantined.Add(quarantine.DeploymentId);
            }

            foreach (var deployment in await _world.Store.DeploymentsOfAsync(_world.Machine.Id))
            {
                if (_states.TryGetValue(deployment.Id, out var before) && before.IsTerminal())
                {
                    Ensure(deployment.State == before, $"{before} became {deployment.State}");
                }

                _states[deployment.Id] = deployment.State;
                Ensure(deployment.State.IsTerminal() || deployment.Id == _world.Machine.DeploymentId, "an older deployment is open");
                Ensure(!_claims.TryGetValue(deployment.Id, out var boot) || deployment.ClaimedBootId == boot, "an answered claim was lost");
                Ensure(_world.Current is null || _world.Current.Id != deployment.Id || _world.Current == deployment, "the snapshot is not what is stored");
                Ensure(
                    deployment.State is not DeploymentState.Stuck || deployment.Id != _world.Machine.DeploymentId
                        || _world.Machine.Quarantine is not null || _released.Contains(deployment.Id),
                    "stuck without quarantine");
            }

        }

        private void Remember(Known known)
        {
            if (!_tokens.Contains(known))
            {
                _tokens.Add(known);
            }
        }

        private static void Ensure(bool holds, string broken)
        {
            if (!holds)
            {
                throw new InvalidOperationException(broken);
            }
        }
    }
}
