using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Lab;

/// <summary>The lab's own SSH key: made with the lab, gone with it.</summary>
/// <param name="PublicKey">One line.</param>
internal sealed record LabKey(string PrivateKeyFile, string PublicKey)
{
    public static async Task<LabKey> MakeAsync(LabFolder folder, ICommandRunner commands, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder.Keys);
        var file = FileIn(folder);
        if (!File.Exists(file))
        {
            var made = await commands.RunAsync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "netdeploy-lab", "-f", file], TimeSpan.FromSeconds(30), cancellationToken).ConfigureAwait(false);
            if (!made.Succeeded)
            {
                throw new UserFault($"The lab's SSH key cannot be made: {made.Complaint}.", "Install the Debian package openssh-client.");
            }
        }

        return new LabKey(file, (await File.ReadAllTextAsync(file + ".pub", cancellationToken).ConfigureAwait(false)).Trim());
    }

    /// <summary>Where the key of the lab in this folder lies.</summary>
    public static string FileIn(LabFolder folder) => Path.Combine(folder.Keys, "id_ed25519");
}
