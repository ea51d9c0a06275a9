namespace NetDeploy.Core.Deployments;

/// <summary>How long each silence may last and how often a machine may boot.</summary>
public sealed record DeploymentLimits
{
    /// <summary>From the start to the end of the image build.</summary>
    public TimeSpan Preparing { get; init; } = TimeSpan.FromHours(2);

    /// <summary>From the grant to the claim, over all boots. No forgotten grant wipes a machine at the next power cut.</summary>
    public TimeSpan Grant { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Silence after the claim or the last report.</summary>
    public TimeSpan ClaimedSilence { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The same where the distribution's own installer works: its log is heard, and it says nothing for minutes while it unpacks a
    /// kernel or packs an initramfs on slow hardware.
    /// </summary>
    public TimeSpan InstallerSilence { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>From <c>written</c> to the first boot of the new system.</summary>
    public TimeSpan FirstBoot { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>From <c>installed</c> on, how long reports of the first boot's tasks are taken.</summary>
    public TimeSpan Tasks { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Reports of such tasks that one deployment takes.</summary>
    public int TaskCount { get; init; } = 64;

    /// <summary>Boots before the claim; one more ends the deployment as <c>stuck</c>.</summary>
    public int Boots { get; init; } = 5;

    /// <summary>
    /// A script fetched again within this time by a boot that the server cannot tell from the last one (it was restarted,
    /// or sees no DHCP of this machine) is the same boot.
    /// </summary>
    public TimeSpan SameBoot { get; init; } = TimeSpan.FromMinutes(2);
}
