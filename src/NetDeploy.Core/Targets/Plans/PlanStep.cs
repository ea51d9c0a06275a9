using System.Collections.Immutable;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>One call of the plan, as <c>bootfiles/deploy/PROTOCOL.md</c> lists them: its name and arguments in their order.</summary>
public abstract record PlanStep(string Name)
{
    public abstract ImmutableArray<PlanArgument> Arguments { get; }
}

public sealed record PlanHeader(string Deployment, string Machine) : PlanStep("step_plan")
{
    /// <summary>Raised when a step changes its meaning or its arguments.</summary>
    public const int Version = 2;

    public override ImmutableArray<PlanArgument> Arguments => [Version, Deployment, Machine];
}

/// <param name="Reason">Why the system would not start with Secure Boot, for the person at the console.</param>
public sealed record RequireSecureBootOff(string Reason) : PlanStep("step_require_secure_boot_off")
{
    public override ImmutableArray<PlanArgument> Arguments => [Reason];
}

public sealed record SelectDisk(string Disk, DiskSelector Selector) : PlanStep("step_select_disk")
{
    public override ImmutableArray<PlanArgument> Arguments => [Disk, .. Words(Selector)];

    internal static ImmutableArray<PlanArgument> Words(DiskSelector selector) =>
        [Bytes(selector.MinSize), Bytes(selector.MaxSize), selector.Bus ?? "", selector.Wwn ?? "", selector.Serial ?? "", selector.Model ?? ""];

    private static PlanArgument Bytes(long? bytes) => bytes is { } known ? known : "";
}

public sealed record Claim() : PlanStep("step_claim")
{
    public override ImmutableArray<PlanArgument> Arguments => [];
}

public sealed record Wipe(string Disk) : PlanStep("step_wipe")
{
    public override ImmutableArray<PlanArgument> Arguments => [Disk];
}

public sealed record Partition(string Disk, int Number, long SizeMiB, PartitionType Type) : PlanStep("step_partition")
{
    public override ImmutableArray<PlanArgument> Arguments => [Disk, Number, SizeMiB, Word(Type)];

    private static string Word(PartitionType type) => type switch
    {
        PartitionType.BiosBoot => "bios-boot",
        PartitionType.Esp => "esp",
        PartitionType.Lvm => "lvm",
        PartitionType.Swap => "swap",
        PartitionType.Raid => "raid",
        _ => "linux",
    };
}

public sealed record PartitionTable(string Disk) : PlanStep("step_partition_table")
{
    public override ImmutableArray<PlanArgument> Arguments => [Disk, "gpt"];
}

public sealed record VolumeGroup(string Group, ImmutableArray<string> Devices) : PlanStep("step_volume_group")
{
    public override ImmutableArray<PlanArgument> Arguments => [Group, .. Devices.Select(PlanArgument.FromString)];
}

public sealed record LogicalVolume(string Group, string Volume, long SizeMiB) : PlanStep("step_logical_volume")
{
    public override ImmutableArray<PlanArgument> Arguments => [Group, Volume, SizeMiB];
}

public sealed record Filesystem(string Device, string Type, string Label) : PlanStep("step_filesystem")
{
    public override ImmutableArray<PlanArgument> Arguments => [Device, Type, Label];
}

public sealed record Mount(string Device, string Path, string Options) : PlanStep("step_mount")
{
    public override ImmutableArray<PlanArgument> Arguments => [Device, Path, Options];
}

public sealed record Unpack(string Sha256, long Length) : PlanStep("step_unpack")
{
    public override ImmutableArray<PlanArgument> Arguments => [Sha256, Length];
}

/// <param name="Mode">Octal: <c>0644</c>.</param>
public sealed record TextFile(string Path, string Mode, string Owner, string Content) : PlanStep("step_file")
{
    public override ImmutableArray<PlanArgument> Arguments => [Path, Mode, Owner, Content];
}

public sealed record Link(string Path, string To) : PlanStep("step_link")
{
    public override ImmutableArray<PlanArgument> Arguments => [Path, To];
}

public sealed record Group(string GroupName, int? Gid) : PlanStep("step_group")
{
    public override ImmutableArray<PlanArgument> Arguments => [GroupName, Gid is { } gid ? gid : ""];
}

public sealed record User(string UserName, int? Uid, string Comment, string Shell, PlanArgument Hash, ImmutableArray<string> Groups) : PlanStep("step_user")
{
    public override ImmutableArray<PlanArgument> Arguments =>
        [UserName, Uid is { } uid ? uid : "", Comment, Shell, Hash, string.Join(',', Groups)];
}

public sealed record AuthorizedKeys(string UserName, ImmutableArray<string> Keys) : PlanStep("step_authorized_keys")
{
    public override ImmutableArray<PlanArgument> Arguments => [UserName, string.Join('\n', Keys)];
}

public sealed record Service(string Unit, ServiceState State) : PlanStep("step_service")
{
    public override ImmutableArray<PlanArgument> Arguments =>
        [Unit, State switch { ServiceState.Disabled => "disable", ServiceState.Masked => "mask", _ => "enable" }];
}

public sealed record HostKeys(ImmutableArray<string> Types) : PlanStep("step_host_keys")
{
    public override ImmutableArray<PlanArgument> Arguments => [string.Join(',', Types)];
}

public sealed record BootLoader(ImmutableArray<string> Disks, ImmutableArray<string> KernelArguments) : PlanStep("step_boot_loader")
{
    public override ImmutableArray<PlanArgument> Arguments => [string.Join(',', Disks), string.Join(' ', KernelArguments)];
}

public sealed record Script(string ScriptName, string Content) : PlanStep("step_script")
{
    public override ImmutableArray<PlanArgument> Arguments => [ScriptName, Content];
}

public sealed record FirstBoot(string Url, PlanArgument Token) : PlanStep("step_first_boot")
{
    public override ImmutableArray<PlanArgument> Arguments => [Url, Token];
}

public sealed record Finish() : PlanStep("step_finish")
{
    public override ImmutableArray<PlanArgument> Arguments => [];
}
