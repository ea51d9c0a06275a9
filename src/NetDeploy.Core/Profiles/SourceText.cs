namespace NetDeploy.Core.Profiles;

/// <summary>One YAML file, as its reader found it. The core never reads files itself.</summary>
/// <param name="Path">The name that diagnostics show; nothing is opened by it.</param>
public sealed record SourceText(string Path, string Content);
