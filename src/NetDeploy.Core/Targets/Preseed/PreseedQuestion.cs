using NetDeploy.Core.Targets.Plans;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>The types of debconf that answers have here.</summary>
internal enum QuestionType
{
    String,
    Boolean,
    Select,
    Multiselect,
    Password,
    Note,
}

/// <summary>One line of a preseed file: an answer to a question of the installer.</summary>
/// <param name="Owner">Who asks: <c>d-i</c>, else the package whose question lives on in the installed system.</param>
internal sealed record PreseedQuestion(string Name, QuestionType Type, PlanArgument Value, string Owner = PreseedQuestion.Installer)
{
    public const string Installer = "d-i";
}
