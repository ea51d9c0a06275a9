using System.Diagnostics;
using System.Globalization;
using NetDeploy.Cli;
using NetDeploy.Client;
using NetDeploy.Server;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>The real <c>netdeploy serve</c> is killed while it takes thousands of documents: then the revision before is in force or this one, whole.</summary>
public sealed class KilledApplyTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const int Machines = 2000;
    private const int Lives = 5;

    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-apply-").FullName;
    private BladeSegment? _segment;

    private string Data => Path.Combine(_folder, "data");

    private string Configuration => Path.Combine(_folder, "netdeploy.yaml");

    [Fact]
    public async Task Thousands_of_documents_are_all_in_force_or_none_of_them()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for network namespaces");
        await PrepareAsync();
        using var client = NetDeployClient.OverUnixSocket(ServerPaths.Socket(Data));
        (long Revision, int Serial) inForce = (0, 0);
        var (answered, inTheMiddle, whole) = (true, 0, TimeSpan.Zero);
        for (var life = 0; life <= Lives; life++)
        {
            using var server = new ServeProcess(_segment!, Configuration);
            Assert.True(await server.IsReadyAsync(client));
            if (life > 0)
            {
                var asked = (inForce.Revision + 1, life);
                var found = await InForceAsync(client);
                Assert.Contains(found, answered ? [asked] : new[] { inForce, asked });
                inForce = found;
            }

            if (life == Lives)
            {
                break;
            }

            var clock = Stopwatch.StartNew();
            var applying = AnsweredAsync(client.ApplyAsync(new ApplyRequest([.. Enumerable.Range(0, Machines).Select(i => Document(i, life + 1))]), CancellationToken.None));
            if (life == 0)
            {
                // The first is left alone: it tells how long the others have.
                Assert.True(await applying);
                whole = clock.Elapsed;
            }

            await Task.Delay(whole * life / Lives, TestContext.Current.CancellationToken);
            server.Kill();
            answered = await applying;
            inTheMiddle += answered ? 0 : 1;
            await server.GoneAsync();
        }

        output.WriteLine($"{inTheMiddle} of {Lives - 1} kills came before the answer; an apply takes {whole.TotalMilliseconds:0} ms; revision {inForce.Revision} is in force");
        Assert.True(inTheMiddle > 0, "each apply was answered before its kill");
    }

    public async ValueTask DisposeAsync()
    {
        if (_segment is not null)
        {
            await _segment.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The revision and the serial number that all its machines have, in the documents as in the records.</summary>
    private static async Task<(long Revision, int Serial)> InForceAsync(NetDeployClient client)
    {
        var machines = (await client.MachinesAsync(TestContext.Current.CancellationToken)).Machines;
        Assert.Equal(Machines, machines.Count);
        var serial = int.Parse(Assert.Single(machines.Select(m => m.Serial).Distinct())!.AsSpan(1), CultureInfo.InvariantCulture);
        var stored = await client.DocumentsAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, Machines).Select(i => Document(i, serial)), stored.Documents.OrderBy(d => d.Path, StringComparer.Ordinal));
        return (stored.Revision, serial);
    }

    /// <summary>False where the kill came first.</summary>
    private static async Task<bool> AnsweredAsync(Task<ApplyResult> applying)
    {
        try
        {
            var result = await applying;
            Assert.True(result.Applied, string.Join('\n', result.Diagnostics));
            return true;
        }
        catch (Exception e) when (ServeProcess.IsNoAnswer(e))
        {
            return false;
        }
    }

    private static DocumentText Document(int machine, int serial) => new(string.Create(CultureInfo.InvariantCulture, $"racks/m{machine:0000}.yaml"), $"""
        apiVersion: netdeploy/v1
        kind: Machine
        name: m{machine:0000}
        distro: debian-12
        binding:
          macs: ['52:54:01:00:{machine / 256:x2}:{machine % 256:x2}']
          serial: S{serial}
        """);

    private async Task PrepareAsync()
    {
        _segment = await BladeSegment.CreateAsync([]);
        FakeBootFiles.Write(Path.Combine(_folder, "bootfiles"), Installation.BootFiles);
        await File.WriteAllTextAsync(Configuration, $$"""
            data: {{Data}}
            interfaces: [{name: {{BladeSegment.ServerInterface}}}]
            bootPort: {{BladeSegment.BootPort}}
            bootFiles: {{Path.Combine(_folder, "bootfiles")}}
            images: {{Path.Combine(_folder, "images")}}
            """);
    }
}
