using System.Diagnostics;

namespace NetDeploy.Core.Secrets;

/// <summary>
/// A value that must not be seen. Its text is <c>***</c> wherever it is formatted, logged or debugged; it has no
/// public property that a serializer could write.
/// </summary>
[DebuggerDisplay("***")]
public sealed class Secret(string name, int version, string value)
{
    private readonly string _value = value;
    private readonly string _reference = $"secret {name}@{version}";

    /// <summary>What records and served files are kept with: <c>secret NAME@VERSION</c>.</summary>
    public string Describe() => _reference;

    /// <summary>The value itself: called only where bytes for its owner are written.</summary>
    public string Reveal() => _value;

    public override string ToString() => "***";
}
