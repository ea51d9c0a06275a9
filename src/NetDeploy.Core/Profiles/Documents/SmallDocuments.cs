using NetDeploy.Core.Addressing;

namespace NetDeploy.Core.Profiles.Documents;

/// <summary>The kinds of few keys to their records.</summary>
internal static class SmallDocuments
{
    public static ProfileSpec ReadProfile(LoadedDocument document) => new()
    {
        Name = document.Name,
        Site = document.Body.Flag("site") ?? false,
        Parents = document.Body.Texts("parents"),
        System = document.System,
        Origin = document.Body.At,
    };

    public static DistroSpec ReadDistro(LoadedDocument document) => new()
    {
        Name = document.Name,
        Family = document.Body.Text("family") ?? "",
        Release = document.Body.Text("release") ?? "",
        Architecture = document.Body.Text("architecture") ?? "",
        InstallerPackage = document.Body.Below("installer").Text("package"),
        System = document.System,
        Origin = document.Body.At,
    };

    public static PlatformSpec ReadPlatform(LoadedDocument document) => new() { Name = document.Name, System = document.System };

    public static UefiLoader? ReadLoader(string? word) => word switch
    {
        "shim" => UefiLoader.Shim,
        "ipxe" => UefiLoader.Ipxe,
        _ => null,
    };
}
