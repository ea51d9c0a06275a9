using System.Globalization;
using NetDeploy.Core.Deployments;
using NetDeploy.Server.Storage;
using NetDeploy.Server.Tests.Deployments;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(KilledServer))]

namespace NetDeploy.Server.Tests.Deployments;

/// <summary>
/// The test executable as a real server process that drives deployments on a LiteDB store until it is killed. It
/// writes one line for each answer it gives, after the answer: <c>ack DEPLOYMENT STATE CLAIM SEQUENCE</c>.
/// </summary>
internal sealed class KilledServer : ITestPipelineStartup
{
    public const string FolderVariable = "NETDEPLOY_TEST_KILLED_SERVER";

    /// <summary>Small, so that a kill also meets the moments in which the journal is emptied into the database.</summary>
    private const long JournalBound = 40_000;

    public async ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder)
        {
            await RunAsync(folder);
            Environment.Exit(0);
        }
    }

    public ValueTask StopAsync() => ValueTask.CompletedTask;

    private static async Task RunAsync(string folder)
    {
        var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        await using var store = LiteDbRecordStore.Open(folder, restored: false, JournalBound);
        await using var world = await World.StartAsync(store, TimeProvider.System);
        await output.WriteLineAsync("open");
        long sequence = 0;
        var round = 0;
        if (world.Current is { State: DeploymentState.Granted or DeploymentState.Booting })
        {
            await world.Service.CancelAsync(World.Name, "restart");
        }
        else if (world.Current is { } left && !left.State.IsTerminal())
        {
            // The machine goes on after the server's death: its token is derived again, and it reports.
            var token = new TokenMint(new byte[32]).Token(store.Generation, left.Id, left.Boot!.Number, TokenPhase.Deploy, left.Boot.Tokens.Nonce);
            await world.Service.FailedAsync(await world.CallerAsync(token), "step", "the test goes on");
            await AckAsync();
        }

        // Ends by itself if the parent is gone.
        for (var started = Environment.TickCount64; Environment.TickCount64 - started < 60_000; round++)
        {
            if (world.Machine.Quarantine is not null)
            {
                await world.Service.ReleaseAsync(World.Name);
            }

            var granted = await world.GrantAsync();
            if (!granted.Ok)
            {
                throw new InvalidOperationException(granted.Refusal!.Reason);
            }

            await AckAsync();
            var caller = await world.CallerAsync((await world.PowerOnAsync())!);
            await AckAsync();
            if (await world.Service.ClaimAsync(caller, "root /dev/vda") is not DeploymentAnswer.ClaimGranted)
            {
                throw new InvalidOperationException("The claim was refused.");
            }

            await AckAsync();
            if (round % 3 == 2)
            {
                await world.Service.FailedAsync(caller, "step", "reason");
                await AckAsync();
                continue;
            }

            var firstBoot = (await world.Service.OpenForPlanAsync(caller)).FirstBootToken;
            await world.Service.WrittenAsync(caller, null, null);
            await AckAsync();
            var system = await world.Service.AuthenticateAsync(caller.DeploymentId, firstBoot, World.Blade, TokenPhase.FirstBoot);
            await world.Service.InstalledAsync(system.Caller!, null, null, null, []);
            await AckAsync();
        }

        async Task AckAsync()
        {
            var now = world.Current!;
            var page = await store.TimelineAsync(world.Machine.Id, sequence);
            sequence = page.Entries.IsEmpty ? sequence : page.Entries[^1].Sequence;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"ack {now.Id} {now.State} {now.ClaimedBootId ?? "-"} {sequence}"));
        }
    }
}
