using System.Collections.Immutable;
using System.Text;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>The answers in their order, as text that <c>debconf-set-selections -c</c> takes.</summary>
internal sealed record PreseedFile(ImmutableArray<PreseedQuestion> Questions)
{
    public const string FileName = "preseed.cfg";

    /// <summary>A value that a line cannot hold is an error: a preseed file has no way to say it.</summary>
    public Result<RenderedFile> Render()
    {
        var (served, kept) = (new StringBuilder(), new StringBuilder());
        foreach (var question in Questions)
        {
            if (PreseedQuote.Objection(question.Value.Reveal()) is { } objection)
            {
                return new(null, [new(Severity.Error, "", 0, 0, question.Name, $"the answer to {question.Name} cannot stand in a preseed file: {objection}.", "Correct the document or secret that it came from.")]);
            }

            var line = $"{question.Owner} {question.Name} {question.Type.ToString().ToLowerInvariant()}";
            served.Append(Line(line, question.Value.Reveal()));
            kept.Append(Line(line, question.Value.ToString()));
        }

        return new(new(FileName, served.ToString(), kept.ToString()), []);
    }

    private static string Line(string question, string value) => value.Length == 0 ? question + " \n" : $"{question} {value}\n";
}
