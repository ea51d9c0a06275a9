using System.Collections.Immutable;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>The upstream's Releases: asks in the form that it has, and takes text and signature only as they belong together.</summary>
internal sealed class ReleaseSource(MirrorFetcher fetcher, TimeProvider clock)
{
    /// <summary>The upstream's Release of now; null: it has none, or the one that we have.</summary>
    /// <exception cref="MirrorFault">It fails, or what it has is no Release.</exception>
    public async Task<SuiteGeneration?> AskAsync(string suite, SuiteGeneration? current, CancellationToken cancellationToken)
    {
        if (current is null or { Asked: ReleaseForm.Inline })
        {
            var inline = await fetcher.ReadAsync(PathOf(suite, ReleaseForm.Inline), current?.Validators ?? Validators.None, cancellationToken).ConfigureAwait(false);
            if (inline.Status == UpstreamStatus.Found)
            {
                return Of(suite, current, ReleaseForm.Inline, inline, signature: null);
            }

            if (inline.Status == UpstreamStatus.NotModified)
            {
                return null;
            }
        }

        var (text, signature) = await PairAsync(suite, current is { Asked: ReleaseForm.Detached } ? current.Validators : Validators.None, cancellationToken).ConfigureAwait(false);
        if (text.Status == UpstreamStatus.NotFound && current is not null)
        {
            throw new MirrorFault("the upstream has it no more", "Name an upstream that has this suite, or move the machines to a newer one.");
        }

        return text.Status == UpstreamStatus.Found ? Of(suite, current, ReleaseForm.Detached, text, signature) : null;
    }

    /// <summary>With the text and signature of their own that it was not fetched with; the same where there are none.</summary>
    /// <exception cref="MirrorFault">The upstream is at another generation already.</exception>
    public async Task<SuiteGeneration> CompleteAsync(string suite, SuiteGeneration generation, CancellationToken cancellationToken)
    {
        if (generation.Asked != ReleaseForm.Inline)
        {
            return generation;
        }

        var (text, signature) = await PairAsync(suite, Validators.None, cancellationToken).ConfigureAwait(false);
        if (text.Status != UpstreamStatus.Found)
        {
            return generation;
        }

        if (ReleaseText.Parse(text.Content)?.Generation != generation.Text.Generation)
        {
            throw new MirrorFault($"Release of {suite} is of another generation than its InRelease", "The upstream is between two states: ask again in some minutes.", status: 503);
        }

        var files = generation.Files.SetItem(ReleaseForm.Detached, ReleaseFile.Of(text.Content));
        return generation with { Files = signature is null ? files : files.SetItem(ReleaseForm.Signature, ReleaseFile.Of(signature.Content)) };
    }

    /// <summary>Mirrors exchange Release before Release.gpg: who reads them the other way round, and finds the old text, has its signature.</summary>
    private async Task<(MirrorFetcher.SmallFile Text, MirrorFetcher.SmallFile? Signature)> PairAsync(string suite, Validators known, CancellationToken cancellationToken)
    {
        var signature = await fetcher.ReadAsync(PathOf(suite, ReleaseForm.Signature), Validators.None, cancellationToken).ConfigureAwait(false);
        var text = await fetcher.ReadAsync(PathOf(suite, ReleaseForm.Detached), known, cancellationToken).ConfigureAwait(false);
        return (text, signature.Status == UpstreamStatus.Found ? signature : null);
    }

    private SuiteGeneration Of(string suite, SuiteGeneration? current, ReleaseForm form, MirrorFetcher.SmallFile file, MirrorFetcher.SmallFile? signature)
    {
        var text = ReleaseText.Parse(file.Content)
            ?? throw new MirrorFault($"{PathOf(suite, form)} is no Release with SHA-256 digests", "Look what the upstream serves there: a proxy's page, or no archive for apt.");
        var files = ImmutableDictionary<ReleaseForm, ReleaseFile>.Empty.Add(form, ReleaseFile.Of(file.Content));
        // In whole seconds, as HTTP tells them.
        var now = DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
        var firstSeen = current is not null && now <= current.FirstSeen ? current.FirstSeen.AddSeconds(1) : now;
        return new SuiteGeneration(
            text, signature is null ? files : files.Add(ReleaseForm.Signature, ReleaseFile.Of(signature.Content)), form, file.Validators, firstSeen);
    }

    private static MirrorPath PathOf(string suite, ReleaseForm form) => MirrorPath.Of($"dists/{suite}/" + form switch
    {
        ReleaseForm.Inline => "InRelease",
        ReleaseForm.Detached => "Release",
        _ => "Release.gpg",
    });
}
