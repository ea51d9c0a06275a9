namespace NetDeploy.Cli.Lab;

/// <summary>What the operator sees while a lab works; on standard error, so that <c>--json</c> has standard output for itself.</summary>
internal interface ILabDisplay : IAsyncDisposable
{
    /// <summary>A line about the lab as a whole.</summary>
    void Say(string line);

    /// <summary>Where a blade is now.</summary>
    void Show(string blade, LabStation station);

    /// <summary>A blade's end: the time from power-on to login, or why there is none.</summary>
    void End(LabMachineResult result);
}
