using System.Collections.Immutable;

namespace NetDeploy.Cli.Lab.Host;

/// <summary>Who asks the host for a yes, and how.</summary>
/// <param name="AssumeYes">True with <c>--yes</c>, or where standard input is no terminal.</param>
internal sealed record HostConsent(bool IsRoot, bool AssumeYes, TextWriter Out, TextReader In);

/// <summary>Finds what a lab needs and the host lacks, and installs it after a list and a yes.</summary>
/// <param name="needed">Some of <see cref="HostPackage"/>'s.</param>
internal sealed class HostPackages(ICommandRunner commands, BuildUser buildUser, ImmutableArray<HostPackage> needed)
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(15);

    /// <summary>The needed packages that dpkg does not know as installed.</summary>
    /// <exception cref="UserFault">The host has no dpkg.</exception>
    public async Task<ImmutableArray<HostPackage>> MissingAsync(CancellationToken cancellationToken = default)
    {
        // Exit code 1 only says that some name is unknown; what is known is printed all the same.
        var asked = await commands.RunAsync(
            ["dpkg-query", "--show", "--showformat", "${binary:Package} ${db:Status-Status}\\n", .. needed.Select(p => p.Name)],
            TimeSpan.FromSeconds(30),
            cancellationToken).ConfigureAwait(false);
        if (asked.ExitCode is not (0 or 1))
        {
            throw new UserFault($"The installed packages cannot be read: {asked.Complaint}.", "The lab runs on Debian 12 or 13.");
        }

        var installed = asked.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .Where(words => words is [_, "installed"])
            .Select(words => words[0].Split(':')[0])
            .ToHashSet();
        return [.. needed.Where(p => !installed.Contains(p.Name))];
    }

    /// <summary>Makes the host ready, or says exactly why it is not.</summary>
    /// <exception cref="UserFault">Not root, no yes, or apt-get failed; the remedy holds the commands.</exception>
    public async Task EnsureAsync(HostConsent consent, CancellationToken cancellationToken = default)
    {
        var missing = await MissingAsync(cancellationToken).ConfigureAwait(false);
        var userCommands = buildUser.Missing();
        if (missing.IsEmpty && userCommands.IsEmpty)
        {
            return;
        }

        ImmutableArray<string> install = ["apt-get", "install", "--yes", "--no-install-recommends", .. missing.Select(p => p.Name)];
        if (!consent.IsRoot)
        {
            ImmutableArray<ImmutableArray<string>> all = missing.IsEmpty ? userCommands : [install, .. userCommands];
            throw new UserFault(
                $"This machine is not ready for a lab: {Summary(missing, userCommands)}.",
                "Run this command as root, or as root: " + string.Join("; ", all.Select(c => string.Join(' ', c))));
        }

        await AskAsync(consent, missing, userCommands, cancellationToken).ConfigureAwait(false);
        if (!missing.IsEmpty)
        {
            await InstallAsync(install, consent.Out, cancellationToken).ConfigureAwait(false);
        }

        foreach (var command in userCommands)
        {
            var done = await commands.RunAsync(command, TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
            if (!done.Succeeded)
            {
                throw new UserFault($"The user {BuildUser.Name} cannot be made: {done.Complaint}.", $"Run: {string.Join(' ', command)}");
            }
        }
    }

    private static async Task AskAsync(HostConsent consent, ImmutableArray<HostPackage> missing, ImmutableArray<ImmutableArray<string>> userCommands, CancellationToken cancellationToken)
    {
        await consent.Out.WriteLineAsync("The lab needs on this machine:").ConfigureAwait(false);
        foreach (var package in missing)
        {
            await consent.Out.WriteLineAsync($"  package {package.Name,-24} {package.Why}").ConfigureAwait(false);
        }

        if (!userCommands.IsEmpty)
        {
            await consent.Out.WriteLineAsync($"  user    {BuildUser.Name,-24} builds images without root").ConfigureAwait(false);
        }

        if (consent.AssumeYes)
        {
            return;
        }

        await consent.Out.WriteAsync("Install it now? [y/N] ").ConfigureAwait(false);
        await consent.Out.FlushAsync(cancellationToken).ConfigureAwait(false);
        var answer = await consent.In.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        if (answer?.Trim().ToUpperInvariant() is not ("Y" or "YES"))
        {
            throw new UserFault("Nothing was installed.", "Answer y, or give --yes.");
        }
    }

    private async Task InstallAsync(ImmutableArray<string> install, TextWriter said, CancellationToken cancellationToken)
    {
        await said.WriteLineAsync("Installing from this machine's apt sources ...").ConfigureAwait(false);
        var done = await commands.RunAsync(install, InstallLimit, cancellationToken).ConfigureAwait(false);
        if (!done.Succeeded)
        {
            // A fresh machine has no package lists, an old one stale ones.
            var update = await commands.RunAsync(["apt-get", "update"], TimeSpan.FromMinutes(5), cancellationToken).ConfigureAwait(false);
            if (!update.Succeeded)
            {
                throw new UserFault($"apt-get update failed: {update.Complaint}.", "Mend the apt sources of this machine, then run the same command again.");
            }

            done = await commands.RunAsync(install, InstallLimit, cancellationToken).ConfigureAwait(false);
        }

        if (!done.Succeeded)
        {
            throw new UserFault($"apt-get install failed: {done.Complaint}.", $"Run: {string.Join(' ', install)}");
        }
    }

    private static string Summary(ImmutableArray<HostPackage> missing, ImmutableArray<ImmutableArray<string>> userCommands) =>
        (missing.IsEmpty, userCommands.IsEmpty) switch
        {
            (false, true) => "it lacks " + string.Join(", ", missing.Select(p => p.Name)),
            (true, false) => $"the user {BuildUser.Name} with subordinate ids is missing",
            _ => $"it lacks {string.Join(", ", missing.Select(p => p.Name))}, and the user {BuildUser.Name} with subordinate ids",
        };
}
