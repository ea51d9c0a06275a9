using NetDeploy.Server.Deployments;
using NetDeploy.Server.Dhcp;
using NetDeploy.Server.Documents;
using NetDeploy.Server.Enrolment;
using NetDeploy.Server.Images;
using NetDeploy.Server.Leases;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Secrets;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Management;

/// <summary>What the management routes stand on.</summary>
internal sealed record ManagementServices(
    DeploymentService Deployments,
    DeployOrders Orders,
    DocumentStore Documents,
    DocumentApplication Application,
    BootDesk Desk,
    LeaseStore Leases,
    BulkStore Bulk,
    ImageStore Images,
    SecretStore Secrets,
    Enroller Enroller,
    HoldDesk Hold,
    ServerFacts Facts,
    IReadOnlyList<CachedMirror> Mirrors);

/// <summary>What is known of the server from its start.</summary>
/// <param name="Warnings">What start-up found wrong but could live with, the interfaces that no network covers now, and who else leases there.</param>
/// <param name="OtherServers">The other DHCP servers on its interfaces, heard lately.</param>
internal sealed record ServerFacts(
    string Version, DateTimeOffset StartedAt, IReadOnlyList<string> BootAddresses, Func<IReadOnlyList<string>> Warnings, Func<IReadOnlyList<ForeignServer>> OtherServers);
