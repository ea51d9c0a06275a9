namespace NetDeploy.Server;

/// <summary>Notices the end of a loop that the server cannot do without.</summary>
internal sealed class PartWatch
{
    private readonly TaskCompletionSource<ServerFault> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the first part that failed; never where none does.</summary>
    public Task<ServerFault> Broken => _broken.Task;

    /// <param name="completion">Faulted: the part died. Ended otherwise: it was asked to.</param>
    public void Add(string name, Task completion) => _ = completion.ContinueWith(
        ended => _broken.TrySetResult(new ServerFault(
            $"{name} stopped by an error of its own: {ended.Exception!.GetBaseException().Message}",
            "Start the server again, or let systemd do that (Restart=on-failure): nothing is lost. The log has the whole error; report it if it comes back.",
            ended.Exception)),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
