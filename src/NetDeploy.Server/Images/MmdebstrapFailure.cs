using System.Text.RegularExpressions;

namespace NetDeploy.Server.Images;

/// <summary>Reads from the log of a failed mmdebstrap why it failed, and says what to do about it.</summary>
internal static partial class MmdebstrapFailure
{
    public const string DiskRemedy = "Free space there, or give the data folder a larger file system; then deploy again.";

    public static ImageBuilderException From(IEnumerable<string> log, int exitStatus)
    {
        var lines = log as IReadOnlyList<string> ?? [.. log];

        // First what makes everything else fail, then the more particular reasons.
        return First(lines, NoSpace(), match => new(
                ImageFailureKind.DiskFull, $"The disk is full: {match.Value}.", DiskRemedy))
            ?? First(lines, Script(), match => new(
                ImageFailureKind.ScriptFailed,
                $"The profile's build script {match.Groups[1].Value} failed with exit status {match.Groups[2].Value}.",
                "The log's last lines are the script's; correct it in the profile."))
            ?? First(lines, Signature(), match => new(
                ImageFailureKind.BadSignature,
                $"A repository is not signed by a key of Debian: {match.Value.Trim().TrimEnd('.')}.",
                "Use a faithful mirror of Debian; upgrade the package debian-archive-keyring where the release is newer than it. Nothing unsigned is installed."))
            ?? First(lines, NoRelease(), match => new(
                ImageFailureKind.SuiteMissing,
                $"A repository does not have the suite: {match.Value.Trim().TrimEnd('.')}.",
                "Check the mirror's URI and the suite's name in the distro's repositories."))
            ?? First(lines, Unreachable(), match => new(
                ImageFailureKind.MirrorUnreachable,
                $"The mirror cannot be reached: {match.Value.Trim().TrimEnd('.')}.",
                "Check the mirror's URI, the worker's name resolution and its way out; it uses http_proxy where that is set."))
            ?? First(lines, NoPackage(), match => new(
                ImageFailureKind.UnknownPackage,
                $"The repositories have no package '{match.Groups[1].Value}{match.Groups[2].Value}'.",
                "Correct the name in the profile, or add the repository that has it."))
            ?? First(lines, NoMemory(), match => new(
                ImageFailureKind.MemoryLimit,
                $"A process of the build ran out of memory: {match.Value.Trim()}.",
                "Raise the worker's memory limit, or give the machine more memory."))
            ?? First(lines, NoMapping(), match => new(
                ImageFailureKind.BuildUser,
                $"The build user cannot make a user namespace: {match.Value.Trim().TrimEnd('.')}.",
                "Install uidmap, check /etc/subuid and /etc/subgid, and sysctl kernel.unprivileged_userns_clone=1 where the kernel has it."))
            ?? First(lines, NoPath(), match => new(
                ImageFailureKind.BuildUser,
                $"The build's own users cannot reach its folder: {match.Value.Trim().TrimEnd('.')}.",
                "Each folder above the data folder's images/ must let others pass: chmod o+x FOLDER."))
            ?? new(
                ImageFailureKind.Other,
                $"mmdebstrap ended with status {exitStatus}: {lines.LastOrDefault(line => line.StartsWith("E: ", StringComparison.Ordinal)) ?? "no reason given"}.",
                "The log's last lines say more.");
    }

    private static ImageBuilderException? First(IReadOnlyList<string> lines, Regex pattern, Func<Match, ImageBuilderException> reason) =>
        lines.Select(line => pattern.Match(line)).FirstOrDefault(match => match.Success) is { } match ? reason(match) : null;

    [GeneratedRegex(@"No space left on device|Disk quota exceeded|not enough free space in [^ ]+", RegexOptions.IgnoreCase)]
    private static partial Regex NoSpace();

    [GeneratedRegex(@"^netdeploy: build script (\d+) failed with exit status (\d+)")]
    private static partial Regex Script();

    [GeneratedRegex(@".*(signatures? (couldn't be|could not be|were) (verified|invalid)|is not signed|NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|Clearsigned file isn't valid|Sub-process .*(gpgv|sqv) returned an error).*")]
    private static partial Regex Signature();

    [GeneratedRegex(@".*(does not have a Release file|no longer has a Release file|Release file .* expired|404 +Not Found).*")]
    private static partial Regex NoRelease();

    [GeneratedRegex(@".*(Could not resolve|Temporary failure resolving|Could not connect|Cannot initiate the connection|Connection (refused|timed out|reset|failed)|Network is unreachable|Unable to connect|Failed to fetch).*")]
    private static partial Regex Unreachable();

    [GeneratedRegex(@"Unable to locate package ([^ ]+)|Package '?([^ ']+)'? has no installation candidate")]
    private static partial Regex NoPackage();

    [GeneratedRegex(@".*(Cannot allocate memory|Out of memory|out of memory|std::bad_alloc).*")]
    private static partial Regex NoMemory();

    [GeneratedRegex(@".*(newuidmap|newgidmap|unshare: |unable to (?:create|pick) .*namespace|clone.* failed: Operation not permitted|/etc/sub[ug]id).*")]
    private static partial Regex NoMapping();

    [GeneratedRegex(@"E: .*(not accessible|must be accessible|cannot (create|chdir)|Permission denied).*")]
    private static partial Regex NoPath();
}
