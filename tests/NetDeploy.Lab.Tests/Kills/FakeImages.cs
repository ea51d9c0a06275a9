using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using NetDeploy.Core.Images;
using NetDeploy.Server.Images;

namespace NetDeploy.Lab.Tests.Kills;

/// <summary>Writes a few bytes where the real builder writes an image; the worker around it is the real one.</summary>
internal sealed class FakeImages : IImageBuilder
{
    public string Name => "fake/1";

    public async Task<ImageBuildResult> BuildAsync(ImageSpec spec, ImageBuildRoom room, IProgress<ImageBuildProgress> progress, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes($"an image of {spec.Release}");
        await File.WriteAllBytesAsync(room.Output, bytes, cancellationToken);
        return new(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, 4096, ImmutableSortedDictionary<string, string>.Empty);
    }

    public Task CleanAsync(string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        return Task.CompletedTask;
    }
}
