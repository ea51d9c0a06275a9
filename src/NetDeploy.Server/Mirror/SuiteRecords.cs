using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Mirrors;

namespace NetDeploy.Server.Mirror;

/// <summary>What a mirror knows of its suites, for the next process: a record of each, and the Releases among the mirror's files.</summary>
internal sealed class SuiteRecords(string mirror, MirrorStore store, ILogger logger)
{
    /// <summary>What the last process knew, the generation in force first. A record, or a generation in it, that is damaged or incomplete is left out.</summary>
    public async Task<IReadOnlyList<(string Suite, ImmutableArray<SuiteGeneration> Generations)>> LoadAsync(CancellationToken cancellationToken)
    {
        var suites = new List<(string, ImmutableArray<SuiteGeneration>)>();
        foreach (var file in Directory.EnumerateFiles(store.Suites, "*.json"))
        {
            if (await ReadAsync(file, cancellationToken).ConfigureAwait(false) is not { } record)
            {
                continue;
            }

            var generations = ImmutableArray.CreateBuilder<SuiteGeneration>();
            // JSON can hold a null in a list whatever the list's type says.
            foreach (var generation in record.Generations.Take(MirrorSuites.Generations).OfType<GenerationRecord>())
            {
                if (await LoadAsync(generation, cancellationToken).ConfigureAwait(false) is { } loaded)
                {
                    generations.Add(loaded);
                }
            }

            if (generations.Count > 0)
            {
                suites.Add((record.Suite, generations.ToImmutable()));
            }
        }

        return suites;
    }

    public void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(store.Suites))
        {
            File.Delete(file);
        }
    }

    /// <summary>Without a disk that takes it, it is known until the next start.</summary>
    public async Task SaveAsync(string suite, ImmutableArray<SuiteGeneration> generations)
    {
        try
        {
            await WriteAsync(suite, generations).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            MirrorLog.NotSaved(logger, mirror, suite, e.Message);
        }
    }

    private async Task<SuiteRecord?> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false), MirrorJson.Default.SuiteRecord);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            MirrorLog.Damaged(logger, file, e.Message);
            return null;
        }
    }

    private async Task WriteAsync(string suite, ImmutableArray<SuiteGeneration> generations)
    {
        foreach (var file in generations.SelectMany(g => g.Files.Values))
        {
            var key = MirrorEntry.KeyOf(file.Sha256);
            if (store.Find(key) is null && !await store.PutAsync(key, file.Content, confirmed: true, CancellationToken.None).ConfigureAwait(false))
            {
                throw new IOException("there is no room for its Release");
            }
        }

        var record = new SuiteRecord(suite, [.. generations.Select(g => new GenerationRecord(
            g.Files.ToDictionary(f => f.Key, f => f.Value.Sha256), g.Asked, g.Validators, g.FirstSeen.ToUnixTimeSeconds()))]);
        var path = Path.Combine(store.Suites, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(suite))) + ".json");
        await File.WriteAllTextAsync(path + ".part", JsonSerializer.Serialize(record, MirrorJson.Default.SuiteRecord)).ConfigureAwait(false);
        File.Move(path + ".part", path, overwrite: true);
    }

    private async Task<SuiteGeneration?> LoadAsync(GenerationRecord record, CancellationToken cancellationToken)
    {
        var files = ImmutableDictionary.CreateBuilder<ReleaseForm, ReleaseFile>();
        foreach (var (form, sha256) in record.Files)
        {
            using var stored = await store.OpenAsync(MirrorEntry.KeyOf(sha256), cancellationToken).ConfigureAwait(false);
            if (stored is not { Entry.Length: <= ReleaseText.MaximumBytes })
            {
                return null;
            }

            var content = new byte[stored.Entry.Length];
            await stored.Stream.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
            files[form] = new ReleaseFile(sha256, content);
        }

        return record.FirstSeen >= 0 && record.FirstSeen <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() && files.TryGetValue(record.Asked, out var asked) && ReleaseText.Parse(asked.Content) is { } text
            ? new SuiteGeneration(text, files.ToImmutable(), record.Asked, record.Validators, DateTimeOffset.FromUnixTimeSeconds(record.FirstSeen))
            : null;
    }
}
