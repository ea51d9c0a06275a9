using System.Collections.Immutable;
using System.Text;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>The typed steps that the deploy environment executes, in their order.</summary>
public sealed record Plan(ImmutableArray<PlanStep> Steps)
{
    public const string FileName = "plan.sh";

    /// <summary>The text of step calls that is served, each argument quoted; an argument with a NUL is an error.</summary>
    public Result<RenderedFile> Render()
    {
        var (served, kept) = (new StringBuilder(), new StringBuilder());
        foreach (var step in Steps)
        {
            served.Append(step.Name);
            kept.Append(step.Name);
            foreach (var argument in step.Arguments)
            {
                if (!ShellQuote.TryQuote(argument.Reveal(), out var quoted) || !ShellQuote.TryQuote(argument.ToString(), out var shown))
                {
                    return new(null, [new(Severity.Error, "", 0, 0, "", $"an argument of {step.Name} holds a NUL character, which no shell can carry.", "Correct the secret or the document that it came from.")]);
                }

                served.Append(' ').Append(quoted);
                kept.Append(' ').Append(shown);
            }

            served.Append('\n');
            kept.Append('\n');
        }

        return new(new(FileName, served.ToString(), kept.ToString()), []);
    }

    /// <summary>What was compiled, as text; the findings of both steps.</summary>
    public static Result<RenderedFile> Render(Result<Plan> compiled)
    {
        if (compiled.Value is not { } plan)
        {
            return new(null, compiled.Diagnostics);
        }

        var rendered = plan.Render();
        return rendered with { Diagnostics = [.. compiled.Diagnostics, .. rendered.Diagnostics] };
    }
}
