namespace NetDeploy.Cli.Lab.Installer;

/// <summary>A suite of the installer's components, made on this machine.</summary>
/// <param name="Name">Such as <c>trixie-lab</c>.</param>
/// <param name="Folder">Its files, laid out as a mirror's: <c>dists/</c> and <c>pool/</c>. They go before those of the mirror.</param>
/// <param name="Key">The archive key that signed it, made for it alone.</param>
internal sealed record ComponentsSuite(string Name, string Folder, string Key);
