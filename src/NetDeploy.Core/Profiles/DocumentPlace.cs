namespace NetDeploy.Core.Profiles;

/// <summary>Where one document starts.</summary>
/// <param name="File">As in <see cref="SourceText.Path"/>.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
public sealed record DocumentPlace(string Kind, string Name, string File, int Line, int Column);
