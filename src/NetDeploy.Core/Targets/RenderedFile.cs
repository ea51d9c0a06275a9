using System.Security.Cryptography;
using System.Text;

namespace NetDeploy.Core.Targets;

/// <summary>A served answer file or plan. Its text is its redacted form; only <see cref="Reveal"/> gives secrets away.</summary>
public sealed class RenderedFile(string name, string content, string redacted)
{
    private readonly string _content = content;

    /// <summary>Such as <c>plan.sh</c>.</summary>
    public string Name { get; } = name;

    /// <summary>What is kept: each secret as <c>secret NAME@VERSION</c>.</summary>
    public string Redacted { get; } = redacted;

    /// <summary>SHA-256 of the served bytes, as 64 lower-case hex digits.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    /// <summary>What is served, as UTF-8: for the machine alone.</summary>
    public string Reveal() => _content;

    public override string ToString() => Redacted;
}
