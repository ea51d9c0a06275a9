namespace NetDeploy.Server.Tests;

public sealed class PartWatchTests
{
    [Fact]
    public async Task A_part_that_dies_is_a_fault_with_its_name_the_reason_and_a_remedy_and_one_that_was_stopped_is_none()
    {
        var watch = new PartWatch();
        var tftp = new TaskCompletionSource();
        watch.Add("DHCP", Task.CompletedTask);
        watch.Add("TFTP on eth1", tftp.Task);
        Assert.False(watch.Broken.IsCompleted);
        tftp.SetException(new IOException("epoll_wait failed"));
        var fault = await watch.Broken.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal("TFTP on eth1 stopped by an error of its own: epoll_wait failed", fault.Message);
        Assert.Contains("Restart=on-failure", fault.Remedy, StringComparison.Ordinal);
    }
}
