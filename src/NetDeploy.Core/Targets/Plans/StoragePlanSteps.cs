using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

public sealed record SelectDisks(DiskSetSpec Set, DiskSelector Selector) : PlanStep("step_select_disks")
{
    public override ImmutableArray<PlanArgument> Arguments => [Set.Name, Set.Count, .. SelectDisk.Words(Selector)];
}

public sealed record DiskSize(string Disk, long MiB) : PlanStep("step_disk_size")
{
    public override ImmutableArray<PlanArgument> Arguments => [Disk, MiB];
}

public sealed record NeedsTpm() : PlanStep("step_needs_tpm")
{
    public override ImmutableArray<PlanArgument> Arguments => [];
}

public sealed record NeedsTang(string Url) : PlanStep("step_needs_tang")
{
    public override ImmutableArray<PlanArgument> Arguments => [Url];
}

public sealed record RaidArray(string Array, RaidLevel Level, ImmutableArray<string> Devices) : PlanStep("step_raid")
{
    public override ImmutableArray<PlanArgument> Arguments => [Array, (int)Level, .. Devices.Select(PlanArgument.FromString)];
}

public sealed record Luks(string Mapped, string Device, PlanArgument Passphrase) : PlanStep("step_luks")
{
    public override ImmutableArray<PlanArgument> Arguments => [Mapped, Device, Passphrase];
}

public sealed record Subvolume(string Device, string Path) : PlanStep("step_subvolume")
{
    public override ImmutableArray<PlanArgument> Arguments => [Device, Path];
}

/// <param name="Configuration">What <c>clevis luks bind</c> takes: JSON; empty for the console.</param>
public sealed record Unlock(string Mapped, UnlockMethod Method, string Configuration) : PlanStep("step_unlock")
{
    public override ImmutableArray<PlanArgument> Arguments =>
        [Mapped, Method switch { UnlockMethod.Tpm2 => "tpm2", UnlockMethod.Tang => "tang", _ => "console" }, Configuration];
}

public sealed record Initramfs() : PlanStep("step_initramfs")
{
    public override ImmutableArray<PlanArgument> Arguments => [];
}

public sealed record EspCopy(string Device) : PlanStep("step_esp_copy")
{
    public override ImmutableArray<PlanArgument> Arguments => [Device];
}
