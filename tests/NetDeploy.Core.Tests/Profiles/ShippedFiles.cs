using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Tests.Profiles;

/// <summary>The folder <c>profiles/</c> of this tree, and documents that tests lay beside it.</summary>
internal static class ShippedFiles
{
    public const string Site = """
        apiVersion: netdeploy/v1
        kind: Profile
        name: lab
        site: true
        system:
          mirrors:
            debian: http://10.77.0.1/debian
          users:
            - name: ops
              sshKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq9wR9VfhqXVkFLUnjvNxSVdVWTXFyjCbBdQ0Kd3q5A lab]
        """;

    public const string Network = """
        apiVersion: netdeploy/v1
        kind: Network
        name: lab
        subnet: 10.77.0.0/24
        pools:
          - {first: 10.77.0.100, last: 10.77.0.199}
        router: 10.77.0.1
        """;

    public static string Root { get; } = FindRoot();

    public static IEnumerable<SourceText> Profiles { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Root, "profiles"), "*.yaml", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceText(Path.GetRelativePath(Root, path), File.ReadAllText(path))),
    ];

    /// <summary>The shipped profiles with these documents; fails the test on any error.</summary>
    public static Snapshot Load(params string[] documents)
    {
        var result = Parse(documents);
        Assert.True(result.Value is not null, string.Join('\n', result.Diagnostics));
        return result.Value;
    }

    public static Result<Snapshot> Parse(params string[] documents) =>
        DocumentSet.Parse([.. Profiles, .. documents.Select((text, index) => new SourceText($"test{index}.yaml", text))]);

    /// <summary>A machine of distro debian-12 with profile minimal, and whatever is added: text at the document's top level.</summary>
    public static string Machine(string name = "blade1", string more = "") => $"""
        apiVersion: netdeploy/v1
        kind: Machine
        name: {name}
        distro: debian-12
        profiles: [minimal]
        {more}
        """;

    /// <summary>A machine whose <c>system</c> is this text, indented by two.</summary>
    public static string MachineWith(string system, string name = "blade1") => Machine(name, "system:\n" + system);

    private static string FindRoot()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "NetDeploy.sln")))
        {
            at = at.Parent ?? throw new DirectoryNotFoundException("The tests run below the folder of NetDeploy.sln.");
        }

        return at.FullName;
    }
}
