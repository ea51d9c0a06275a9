using System.Globalization;
using System.Text.RegularExpressions;
using NetDeploy.Client;

namespace NetDeploy.Cli.Lab;

/// <summary>The stations of a blade, in the order of a boot.</summary>
internal enum LabPhase
{
    Waiting,
    Image,
    PowerOn,
    Dhcp,
    Loader,
    Kernel,
    Partitioning,
    Installing,
    Unpacking,
    Configuring,
    BootLoader,
    Reboot,
    OwnDisk,
    Login,
    Done,
    Failed,
}

/// <summary>Where a blade is, told from its timeline.</summary>
/// <param name="Percent">Of image build and unpacking; null elsewhere.</param>
internal sealed partial record LabStation(LabPhase Phase, int? Percent = null)
{
    /// <summary>The station after this entry. It never goes back: the disk's own boot asks DHCP and a loader again.</summary>
    public LabStation After(TimelineView entry)
    {
        if (Of(entry) is not { } next || Phase is LabPhase.Done or LabPhase.Failed)
        {
            return this;
        }

        if (Phase == LabPhase.Reboot && next.Phase is LabPhase.Dhcp or LabPhase.Loader)
        {
            return new(LabPhase.OwnDisk);
        }

        return next.Phase >= Phase ? next : this;
    }

    public string Text => Phase switch
    {
        LabPhase.Waiting => "waiting",
        LabPhase.Image => "image" + PercentText,
        LabPhase.PowerOn => "power on",
        LabPhase.Dhcp => "DHCP",
        LabPhase.Loader => "loader",
        LabPhase.Kernel => "kernel",
        LabPhase.Partitioning => "partitioning",
        LabPhase.Installing => "installer" + PercentText,
        LabPhase.Unpacking => "unpacking" + PercentText,
        LabPhase.Configuring => "configuring",
        LabPhase.BootLoader => "boot loader",
        LabPhase.Reboot => "reboot",
        LabPhase.OwnDisk => "own disk",
        LabPhase.Login => "login",
        LabPhase.Done => "done",
        _ => "failed",
    };

    private string PercentText => Percent is { } n ? string.Create(CultureInfo.InvariantCulture, $" {n} %") : "";

    private static LabStation? Of(TimelineView entry) => entry.Kind switch
    {
        "image" => new(LabPhase.Image, PercentIn(entry)),
        "dhcp" => new(LabPhase.Dhcp),
        "tftp" or "http" or "boot-script" => new(IsKernel(entry.Text) ? LabPhase.Kernel : LabPhase.Loader),
        "inventory" or "plan" => new(LabPhase.Kernel),
        "claim" or "claimed" => new(LabPhase.Partitioning),
        "progress" => OfStep(entry),
        "written" => new(LabPhase.Reboot),
        _ => null,
    };

    private static LabStation? OfStep(TimelineView entry)
    {
        var step = entry.Text.Split(' ', ':')[0];
        return step switch
        {
            "installer" => new(LabPhase.Installing, PercentIn(entry)),
            "start" or "step_plan" or "step_select_disk" or "step_select_disks" or "step_disk_size" or "step_needs_tpm" or "step_needs_tang" or "step_require_secure_boot_off" => new(LabPhase.Kernel),
            "step_claim" or "step_wipe" or "step_partition" or "step_partition_table" or "step_volume_group" or "step_logical_volume" or "step_filesystem" or "step_mount" => new(LabPhase.Partitioning),
            "step_unpack" => new(LabPhase.Unpacking, PercentIn(entry)),
            "step_boot_loader" => new(LabPhase.BootLoader),
            "step_finish" => new(LabPhase.Reboot),
            _ when step.StartsWith("step_", StringComparison.Ordinal) => new(LabPhase.Configuring),
            _ => null,
        };
    }

    private static bool IsKernel(string text) => KernelName().IsMatch(text);

    private static int? PercentIn(TimelineView entry) =>
        int.TryParse(PercentSign().Match(entry.Text).Groups[1].Value, CultureInfo.InvariantCulture, out var n) ? n : null;

    [GeneratedRegex(@"\b(linux|vmlinuz|kernel|initrd|initramfs)\b")]
    private static partial Regex KernelName();

    [GeneratedRegex(@"(\d+) %")]
    private static partial Regex PercentSign();
}
