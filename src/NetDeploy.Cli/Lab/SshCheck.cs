using System.Diagnostics;
using NetDeploy.Cli.Lab.Host;
using NetDeploy.Cli.Lab.Net;

namespace NetDeploy.Cli.Lab;

/// <summary>Who has to answer, and with what.</summary>
/// <param name="HostKeys">The <c>.pub</c> lines that the machine reported with its token. No other key is accepted.</param>
/// <param name="DeploymentId">What /etc/netdeploy/deployment has to hold.</param>
internal sealed record SshTarget(string Name, string Address, IReadOnlyList<string> HostKeys, string DeploymentId, string User = "root");

/// <summary>What the login showed.</summary>
/// <param name="Reason">Why it was not reached; null where it was.</param>
internal sealed record SshProof(bool Reached, string? Reason)
{
    public static SshProof Failed(string reason) => new(false, reason);
}

/// <summary>Logs in to a blade through the lab's network, and makes sure that it is the machine of this deployment, on its own disk.</summary>
internal sealed class SshCheck(ICommandRunner commands, LabNetwork network, string privateKey, string knownHostsFolder)
{
    /// <summary>A first boot may still be making itself ready after it has reported.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private const string Questions =
        "echo deployment=$(cat /etc/netdeploy/deployment); echo root=$(findmnt -no SOURCE /); echo cmdline=$(cat /proc/cmdline)";

    /// <summary>Tries until <paramref name="limit"/> while nobody answers; a wrong host key or a wrong deployment ends it at once.</summary>
    public async Task<SshProof> RunAsync(SshTarget target, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (target.HostKeys.Count == 0)
        {
            return SshProof.Failed("the machine reported no SSH host key: nothing to tell it from another by");
        }

        var knownHosts = Path.Combine(knownHostsFolder, target.Name + ".known_hosts");
        await File.WriteAllLinesAsync(knownHosts, target.HostKeys.Select(key => $"{target.Address} {KeyOf(key)}"), cancellationToken).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var done = await commands.RunAsync([.. network.Inside(Command(target, knownHosts))], TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
            if (done.Succeeded)
            {
                return Judge(done.Output, target.DeploymentId);
            }

            if (done.Error.Contains("Host key verification failed", StringComparison.Ordinal) || done.Error.Contains("host key is known", StringComparison.Ordinal))
            {
                return SshProof.Failed($"{target.Address} showed another SSH host key than the machine reported");
            }

            if (clock.Elapsed >= limit)
            {
                return SshProof.Failed($"no SSH login at {target.Address} in {limit.TotalSeconds:0} s: {done.Complaint}");
            }

            await Task.Delay(Between, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Nothing of the host's own SSH configuration, agent or known hosts takes part.</summary>
    internal IEnumerable<string> Command(SshTarget target, string knownHosts) =>
    [
        "ssh", "-F", "/dev/null", "-i", privateKey,
        "-o", "BatchMode=yes",
        "-o", "IdentitiesOnly=yes",
        "-o", "IdentityAgent=none",
        "-o", "PreferredAuthentications=publickey",
        "-o", "StrictHostKeyChecking=yes",
        "-o", $"UserKnownHostsFile={knownHosts}",
        "-o", "GlobalKnownHostsFile=/dev/null",
        "-o", "UpdateHostKeys=no",
        "-o", "ConnectTimeout=5",
        "-o", "ServerAliveInterval=5",
        "-o", "LogLevel=ERROR",
        $"{target.User}@{target.Address}",
        Questions,
    ];

    internal static SshProof Judge(string output, string deploymentId)
    {
        var answers = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0])
            .ToDictionary(pair => pair.Key, pair => pair.First()[1].Trim());
        string Answer(string key) => answers.GetValueOrDefault(key, "");

        if (Answer("deployment") != deploymentId)
        {
            return SshProof.Failed($"the machine holds deployment '{Answer("deployment")}', not {deploymentId}");
        }

        // The deploy environment has an SSH-less root in memory; a kernel started by the network carries our parameters.
        return Answer("root").StartsWith("/dev/", StringComparison.Ordinal) && !Answer("cmdline").Contains("netdeploy.", StringComparison.Ordinal)
            ? new SshProof(true, null)
            : SshProof.Failed($"the machine did not boot from its own disk: / is on '{Answer("root")}', kernel command line '{Answer("cmdline")}'");
    }

    /// <summary>Type and key; a comment has no place in known_hosts.</summary>
    private static string KeyOf(string publicKey) => string.Join(' ', publicKey.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2));
}
