using NetDeploy.Cli.Lab;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class LabServerTests
{
    /// <summary>A worker that reaches one lab's server alone would fail what another lab queued.</summary>
    [Fact]
    public void A_worker_inside_a_labs_network_shares_no_queue_with_those_outside()
    {
        using var server = new LabServer("/nonexistent");
        var setup = new LabServerSetup("/data", "/cache", "lab0", "10.77.0.1", "/power");

        var outside = Queues(setup);
        var inside = Queues(setup with { Mirrors = [new LabMirror("debian", "http://mirror.test/debian", "/relay")] });

        Assert.Equal((false, true), (outside.Inside, inside.Inside));
        Assert.NotEqual(outside.Queue, inside.Queue);

        // The server queues where its worker looks.
        (bool Inside, string Queue) Queues(LabServerSetup lab)
        {
            var processes = server.Processes(lab);
            var queue = Assert.Single(processes.Select(p => p.Arguments[p.Arguments.IndexOf("--images") + 1]).Distinct());
            return (processes.Single(p => p.Name == "worker").InsideNetwork, queue);
        }
    }
}
