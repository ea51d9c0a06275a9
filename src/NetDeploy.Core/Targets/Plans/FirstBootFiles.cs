using System.Globalization;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>
/// What the installed system does once, after it reported itself: scripts, then the hand-over. <c>netdeploy-first-boot</c> reads the list,
/// runs each, and tells the server how it ended.
/// </summary>
internal static class FirstBootFiles
{
    /// <summary>Lines of kind, name and seconds; the file of each is <c>first-boot.d/KIND.NAME</c>.</summary>
    public const string List = "/etc/netdeploy/first-boot.tasks";

    private const string Folder = "/etc/netdeploy/first-boot.d/";

    private static readonly TimeSpan ScriptLimit = TimeSpan.FromMinutes(30);

    private sealed record FirstBootTask(string Kind, string Name, TimeSpan Limit, string Content);

    public static IEnumerable<PlanStep> Of(SystemSpec system)
    {
        FirstBootTask[] tasks =
        [
            .. system.Scripts.Where(s => s.Phase == ScriptPhase.FirstBoot).Select(s => new FirstBootTask("script", s.Name, ScriptLimit, s.Content)),
            .. system.Handover is { } handover ? [new FirstBootTask("handover", Word(handover.By), handover.Limit, Handover(handover))] : Array.Empty<FirstBootTask>(),
        ];
        if (tasks.Length == 0)
        {
            return [];
        }

        // Nobody but root reads them: a script may hold what is not for others.
        return
        [
            .. tasks.Select(t => new TextFile($"{Folder}{t.Kind}.{t.Name}", "0700", "root:root", t.Content)),
            DebianFiles.File(List, string.Concat(tasks.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Kind} {t.Name} {t.Limit.TotalSeconds:0}\n")))),
        ];
    }

    private static string Word(HandoverKind kind) => kind switch
    {
        HandoverKind.Puppet => "puppet",
        HandoverKind.Salt => "salt",
        HandoverKind.Command => "command",
        _ => "ansible-pull",
    };

    private static string Handover(HandoverSpec handover) => handover.By switch
    {
        HandoverKind.Command => handover.Content!,
        HandoverKind.Puppet => Puppet(handover),
        HandoverKind.Salt => Salt(handover),
        _ => AnsiblePull(handover),
    };

    // Whole, since plain web servers hand out no shallow copy, and a commit is not at the tip of a branch.
    private static string AnsiblePull(HandoverSpec handover) => $"""
        #!/bin/sh
        # Hand-over to Ansible: the repository is fetched, and its playbook run on this machine.
        set -eu
        exec ansible-pull --url {Quote(handover.Repository!)}{(handover.Reference is { } reference ? $" --checkout {Quote(reference)}" : "")} \
            --full --directory /var/lib/netdeploy/ansible --inventory localhost, {Quote(handover.Playbook!)}

        """;

    // The agent's exit status 2 says that there was something to change, and that it went well.
    private static string Puppet(HandoverSpec handover) => $"""
        #!/bin/sh
        # Hand-over to Puppet: one run now, and the service from here on.
        set -eu
        puppet config set server {Quote(handover.Server!)} --section main
        {(handover.Environment is { } environment ? $"puppet config set environment {Quote(environment)} --section agent" : ":")}
        status=0
        puppet agent --onetime --no-daemonize --verbose --waitforcert 60 --detailed-exitcodes || status=$?
        [ "$status" -eq 0 ] || [ "$status" -eq 2 ] || exit "$status"
        systemctl enable --now puppet

        """;

    private static string Salt(HandoverSpec handover) => $"""
        #!/bin/sh
        # Hand-over to Salt: this master's states now, and the minion from here on.
        set -eu
        printf 'master: %s\n' {Quote(handover.Server!)} >/etc/salt/minion.d/netdeploy.conf
        salt-call --retcode-passthrough state.apply
        systemctl enable --now salt-minion

        """;

    /// <summary>Their formats let no NUL through.</summary>
    private static string Quote(string text) => ShellQuote.TryQuote(text, out var quoted) ? quoted : throw new ArgumentException("A word of a hand-over holds a NUL.", nameof(text));
}
