using NetDeploy.Core.Profiles;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Tests.BootFiles;

namespace NetDeploy.Server.Tests.Documents;

/// <summary>One blade and its secret, over the distributions and profiles of this tree.</summary>
internal static class TestDocuments
{
    public const string Mac = "52:54:00:00:00:01";

    public static string Shipped { get; } = Path.Combine(Path.GetDirectoryName(SourceTree.BootFiles)!, "profiles");

    public static SourceText Blade(string name = "blade1", string mac = Mac, string path = "") => new(path.Length > 0 ? path : $"{name}.yaml", $$"""
        apiVersion: netdeploy/v1
        kind: Machine
        name: {{name}}
        type: metal
        distro: debian-12
        binding:
          macs: ['{{mac}}']
        system:
          root:
            passwordHash: {secret: root-hash, strength: claimed}
        """);

    public static SourceText Network { get; } = new("network.yaml", "apiVersion: netdeploy/v1\nkind: Network\nname: lab\nsubnet: 10.77.0.0/24\npools: [{first: 10.77.0.100, last: 10.77.0.199}]\n");

    /// <summary>With the secret of <see cref="Blade"/>.</summary>
    public static SecretStore Secrets(string folder)
    {
        Directory.CreateDirectory(folder);
        var secrets = SecretStore.Open(Path.Combine(folder, "secrets.json"), new byte[32]);
        secrets.Set("root-hash", "$6$saltsalt$hashhashhashhash");
        return secrets;
    }

    public static DocumentStore Open(string folder) => DocumentStore.Open(folder, Shipped);

    public static ApplyOutcome Apply(this DocumentStore store, params SourceText[] texts) => store.Apply(texts, null, prune: false, checkOnly: false, _ => []);
}
