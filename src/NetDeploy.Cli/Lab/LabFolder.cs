namespace NetDeploy.Cli.Lab;

/// <summary>The files of one lab. All that a lab writes is below <paramref name="Root"/>, and is removed with it.</summary>
internal sealed record LabFolder(string Root)
{
    /// <summary>What the lab shall be, written by <c>lab up</c>, read by the supervisor.</summary>
    public string Plan => Path.Combine(Root, "plan.json");

    /// <summary>What the lab is, written by the supervisor at every change; <c>lab down</c> reads it after a crash.</summary>
    public string State => Path.Combine(Root, "lab.json");

    /// <summary>The supervisor's control socket.</summary>
    public string ControlSocket => Path.Combine(Root, "control.sock");

    /// <summary>Leads from the lab's server to one host outside.</summary>
    public string RelaySocket(int number) => Path.Combine(Root, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"relay-{number}.sock"));

    /// <summary>The data folder of the lab's server: it goes when the lab goes.</summary>
    public string ServerData => Path.Combine(Root, "server");

    public string Keys => Path.Combine(Root, "ssh");

    public string Blades => Path.Combine(Root, "blades");

    public string Logs => Path.Combine(Root, "logs");

    /// <summary>What the main DHCP server of a lab in mode proxy leased.</summary>
    public string MainLeases => Path.Combine(Logs, "main-dhcp.leases");

    public string SupervisorLog => Path.Combine(Logs, "supervisor.log");

    /// <summary>Disk, firmware variables and QMP socket of one blade.</summary>
    public string Blade(string name) => Path.Combine(Blades, name);

    public string Log(string name) => Path.Combine(Logs, name + ".log");

    /// <summary>As <c>--name</c> says it.</summary>
    public string Name => Path.GetFileName(Root);

    /// <summary>A verb of <c>netdeploy lab</c> as one types it for this lab.</summary>
    public string Command(string verb) => $"netdeploy lab {verb}{(IsDefault ? "" : " --name " + Name)}";

    /// <summary>The lab that has no name of its own.</summary>
    public bool IsDefault => Root == LabDefaults.StateFolder;

    /// <summary>All that came out of a blade's serial port, over all its power cycles.</summary>
    public string Console(string blade) => Path.Combine(Logs, blade + ".console.log");
}
