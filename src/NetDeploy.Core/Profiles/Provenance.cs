namespace NetDeploy.Core.Profiles;

/// <summary>Where one leaf of a resolved tree came from.</summary>
/// <param name="Path">The leaf, such as <c>system.users[ops].shell</c>.</param>
/// <param name="Value">Its text; for a secret its reference, never its value.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Layer">The layer that won: <c>distro debian-12</c>, <c>site lab</c>, <c>profile minimal</c>, <c>platform p1</c>, <c>machine web1</c>.</param>
public sealed record Provenance(string Path, string Value, string File, int Line, int Column, string Layer);
