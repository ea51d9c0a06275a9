using System.Globalization;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>One argument of a step: a text, or what shows itself only in the served plan.</summary>
public readonly struct PlanArgument
{
    private readonly string? _text;
    private readonly string? _shown;

    private PlanArgument(string text, string shown) => (_text, _shown) = (text, shown);

    public static implicit operator PlanArgument(string text) => new(text, text);

    public static implicit operator PlanArgument(Secret secret) => new(secret.Reveal(), secret.Describe());

    public static implicit operator PlanArgument(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A password's hash that stands in a document: no secret by name, and still nobody else's business.</summary>
    public static PlanArgument FromHash(string hash) => new(hash, hash.Length == 0 ? "" : "***");

    public static PlanArgument FromString(string text) => text;

    /// <summary>As served.</summary>
    public string Reveal() => _text ?? "";

    /// <summary>As kept: a secret is <c>secret NAME@VERSION</c>, a hash <c>***</c>.</summary>
    public override string ToString() => _shown ?? "";
}
