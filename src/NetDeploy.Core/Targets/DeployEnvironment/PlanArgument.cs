using System.Globalization;
using NetDeploy.Core.Secrets;

namespace NetDeploy.Core.Targets.DeployEnvironment;

/// <summary>One argument of a step: a text, or a secret that shows itself only in the served plan.</summary>
public readonly struct PlanArgument
{
    private readonly string? _text;
    private readonly Secret? _secret;

    private PlanArgument(string? text, Secret? secret) => (_text, _secret) = (text, secret);

    public static implicit operator PlanArgument(string text) => new(text, null);

    public static implicit operator PlanArgument(Secret secret) => new(null, secret);

    public static implicit operator PlanArgument(long number) => new(number.ToString(CultureInfo.InvariantCulture), null);

    public static PlanArgument FromString(string text) => text;

    public static PlanArgument FromSecret(Secret secret) => secret;

    public static PlanArgument FromInt64(long number) => number;

    /// <summary>As served.</summary>
    public string Reveal() => _secret?.Reveal() ?? _text ?? "";

    /// <summary>As kept: a secret is <c>secret NAME@VERSION</c>.</summary>
    public override string ToString() => _secret?.Describe() ?? _text ?? "";
}
