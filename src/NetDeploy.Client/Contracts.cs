using System.Text.Json.Serialization;

namespace NetDeploy.Client;

/// <summary>One machine as an operator sees it.</summary>
/// <param name="Kind"><c>metal</c> or <c>guest</c>.</param>
/// <param name="State">State of its newest deployment; <c>new</c> without one; <c>quarantined</c> until released.</param>
/// <param name="Percent">Progress of the current step, 0 to 100; null where the step has none.</param>
/// <param name="Reason">Why it is where it is; null where there is nothing to explain.</param>
/// <param name="EnrolledBy">The rule that enrolled it, <c>operator</c> where somebody adopted it; null where people wrote its document.</param>
/// <param name="Why">Only where one machine is asked for.</param>
/// <param name="Address">Of its lease; without one the address that its document reserves, else where its system reported from; null where there is none of these.</param>
/// <param name="Fault">Why no recipe can be made of its documents now, so that it cannot be granted; null where one can, or where nobody tried yet.</param>
/// <param name="RecipeRevision">With a fault: the revision of the documents whose recipe it keeps; null where it never had one.</param>
/// <param name="Findings">Everything that is wrong or doubtful with its recipe; only where one machine is asked for.</param>
public sealed record MachineView(
    string Name,
    string Kind,
    IReadOnlyList<string> Profiles,
    string? Distro,
    string? Method,
    bool Protected,
    string State,
    string? Step,
    int? Percent,
    string? Reason,
    IReadOnlyList<string> Macs,
    string? Uuid,
    string? Serial,
    string? Address,
    string? DeploymentId,
    string? ImageId,
    IReadOnlyList<string> HostKeys,
    string? EnrolledBy = null,
    ExplanationView? Why = null,
    string? Fault = null,
    long? RecipeRevision = null,
    IReadOnlyList<DiagnosticView>? Findings = null);

/// <summary>One thing that happened to a machine.</summary>
/// <param name="Sequence">The server's order; times may jump, this does not.</param>
/// <param name="At">Unix time in milliseconds.</param>
/// <param name="Kind">A short word: a state of the deployment (<c>granted</c>, <c>claimed</c>, ...), or <c>dhcp</c>, <c>tftp</c>, <c>http</c>, <c>boot-script</c>, <c>progress</c>, <c>refused</c>, ...</param>
/// <param name="Data">Facts for programs: <c>severity</c> is <c>info</c>, <c>warning</c> or <c>alarm</c>.</param>
public sealed record TimelineView(long Sequence, long At, string Kind, string Text, string? DeploymentId, IReadOnlyDictionary<string, string>? Data);

/// <summary>A machine nobody named, seen asking on the network.</summary>
/// <param name="Firmware">The architectures of option 93, with commas between; <c>unknown</c> where it sent none.</param>
/// <param name="LastSeen">Unix time in milliseconds.</param>
/// <param name="State"><c>held</c> where it waits in the deploy environment, else <c>seen</c>.</param>
/// <param name="Reason">Why it is no machine.</param>
/// <param name="Why">Only where one is asked for.</param>
public sealed record UnknownClientView(
    string Mac,
    string? Uuid,
    string Firmware,
    string? Address,
    long LastSeen,
    int Requests,
    string State = "seen",
    string? Vendor = null,
    string? Product = null,
    string? Serial = null,
    string? Reason = null,
    ExplanationView? Why = null);

/// <summary>One enrolment rule that was tried.</summary>
/// <param name="Verdict"><c>differs</c>, <c>fits</c>, <c>undecided</c> or <c>blocked</c>; all but the first end the search.</param>
public sealed record RuleVerdictView(string Rule, string Verdict, string Reason);

/// <summary>Why a machine is where it is.</summary>
/// <param name="Identity">Which key tells it, or why none does.</param>
/// <param name="Policy">What its network does with machines that no document names; null for one that has a document.</param>
/// <param name="Rules">In the order in which they were tried.</param>
/// <param name="Next">What to type or do.</param>
/// <param name="Inventory">Lines of <c>key=value</c>, as the machine told them.</param>
public sealed record ExplanationView(string Identity, string? Policy, IReadOnlyList<RuleVerdictView> Rules, string Next, IReadOnlyList<string> Inventory);

/// <summary>The verb <c>adopt</c>.</summary>
/// <param name="Name">Null: made of the MAC.</param>
/// <param name="Distro">Null: the one that all documented machines have.</param>
public sealed record AdoptRequest(string? Name = null, IReadOnlyList<string>? Profiles = null, string? Distro = null, string? Address = null, bool Deploy = false);

/// <param name="Order">Its deployment; null where none was asked for.</param>
public sealed record AdoptResult(string Name, DeployResult? Order);

/// <summary>The verb <c>export</c>: all that was applied or enrolled, without what comes with the server.</summary>
public sealed record DocumentsView(long Revision, IReadOnlyList<DocumentText> Documents);

/// <summary>Every machine, and who asked without being one.</summary>
public sealed record MachineListView(IReadOnlyList<MachineView> Machines, IReadOnlyList<UnknownClientView> Unknown);

/// <summary>One text of desired state.</summary>
/// <param name="Path">Relative name, for diagnostics; never an absolute path of the server.</param>
public sealed record DocumentText(string Path, string Content);

/// <summary>The verb <c>apply</c>.</summary>
/// <param name="Revision">The revision these texts were made from; null: whatever is there. A stale one is refused.</param>
/// <param name="Prune">Remove the stored documents that are not among these.</param>
/// <param name="CheckOnly">Compile, render every machine and report; change nothing.</param>
/// <param name="WaitSeconds">How long the answer may wait for the machines to be rendered, at most 30; the documents are in force before.</param>
public sealed record ApplyRequest(IReadOnlyList<DocumentText> Documents, long? Revision = null, bool Prune = false, bool CheckOnly = false, int WaitSeconds = 0);

/// <summary>What is wrong with a document, where, and what to do.</summary>
public sealed record DiagnosticView(string Severity, string File, int Line, int Column, string Path, string Message, string? Remedy);

/// <summary>What came of an <c>apply</c>.</summary>
/// <param name="Applied">False where an error refused the set, or it was only checked.</param>
/// <param name="Revision">The revision in force afterwards.</param>
/// <param name="Machines">How many machines the set in force describes.</param>
/// <param name="Documents">How many documents the files of the request hold.</param>
/// <param name="Rendering">How far the machines are rendered; null where nothing is in force that was not before.</param>
/// <param name="Removed">What the prune took away, or would where it was only checked.</param>
public sealed record ApplyResult(
    bool Applied, long Revision, int Machines, IReadOnlyList<DiagnosticView> Diagnostics, int Documents, RenderingView? Rendering = null,
    IReadOnlyList<RemovedDocument>? Removed = null);

/// <summary>A document that is in force no more.</summary>
/// <param name="File">Where it stood.</param>
public sealed record RemovedDocument(string Kind, string Name, string File);

/// <summary>What the documents in force make of the machines.</summary>
/// <param name="Revision">The newest revision that was rendered; the documents in force may be newer.</param>
/// <param name="Done">Whether every machine of the documents in force is rendered.</param>
/// <param name="Shapes">How many kinds of machine there were: equal ones are rendered once.</param>
/// <param name="Failed">How many machines have no recipe now and cannot be granted.</param>
/// <param name="FailedNames">The first of them; each keeps the recipe of an older revision where it had one.</param>
/// <param name="Fault">What the rendering broke of, with its remedy: then it is not done, and goes on no more. Null where it did not break.</param>
public sealed record RenderingView(
    long Revision, bool Done, int Machines, int Shapes, double Seconds, int Failed, IReadOnlyList<string> FailedNames, IReadOnlyList<DiagnosticView> Findings,
    string? Fault = null);

/// <summary>The verb <c>deploy</c>.</summary>
/// <param name="Distro">Another than the machine's document names; null: that one.</param>
/// <param name="Method"><c>image</c> or <c>installer</c>; null: the document's.</param>
/// <param name="Confirm">The machine's name again: needed where an installed system would be overwritten.</param>
public sealed record DeployRequest(string? Distro = null, string? Method = null, string? Confirm = null);

/// <summary>An order that was taken.</summary>
/// <param name="DeploymentId">Empty where a machine moved to other hardware without being deployed.</param>
/// <param name="Instruction">What a person must do, such as power the machine on now or once its image is built; null where the server does it.</param>
/// <param name="Name">The machine's.</param>
public sealed record DeployResult(string DeploymentId, string State, string? Instruction, string? Name = null);

/// <summary>New hardware for a name: at least one MAC.</summary>
/// <param name="Deploy">Deploy at once, as the machine was.</param>
public sealed record ReplaceRequest(IReadOnlyList<string> Macs, string? Uuid = null, string? Serial = null, bool Deploy = true, string? Confirm = null);

/// <summary>The newest uploaded log of a machine's deployment.</summary>
public sealed record LogView(string DeploymentId, string Sha256, string Text);

/// <summary>The server itself.</summary>
/// <param name="StartedAt">Unix time in milliseconds.</param>
/// <param name="Revision">Of the documents in force.</param>
/// <param name="OtherServers">DHCP servers beside this one.</param>
public sealed record ServerStatusView(
    string Version, int ProcessId, long StartedAt, long Revision, int Machines, IReadOnlyList<string> BootAddresses, IReadOnlyList<string> Warnings,
    IReadOnlyList<OtherServerView>? OtherServers = null);

/// <summary>Another DHCP server on an interface of this one, heard in the last minutes.</summary>
/// <param name="Mac">Null where no NIC on the link answers for its address.</param>
/// <param name="Answered">It answered this server; otherwise a machine said that its address is from there.</param>
/// <param name="FirstSeen">Unix time in milliseconds.</param>
/// <param name="LastSeen">Unix time in milliseconds.</param>
public sealed record OtherServerView(string Interface, string Address, string? Mac, bool Answered, long FirstSeen, long LastSeen);

/// <summary>A built image.</summary>
/// <param name="Key">Hash of what it is built from; recipes with an equal part share it.</param>
/// <param name="Id">SHA-256 of the image file.</param>
/// <param name="Bytes">Size of the image file.</param>
/// <param name="BuiltAt">Unix time in milliseconds.</param>
/// <param name="State"><c>ready</c>, <c>building</c>, <c>failed</c>.</param>
/// <param name="Reason">Why the last build failed; null where it did not.</param>
/// <param name="Earlier">Ids of older images of the key that are kept.</param>
public sealed record ImageView(string Key, string? Id, long? Bytes, long? BuiltAt, string State, string? Reason, IReadOnlyList<string> Earlier);

/// <summary>A mirror that machines reach through the server, and what it did since the server's start.</summary>
/// <param name="Files">How many it keeps.</param>
/// <param name="Hits">Answers from the disk.</param>
/// <param name="Misses">Answers that came from the upstream.</param>
/// <param name="Stale">Answers of the last good state, as the upstream failed.</param>
/// <param name="Failures">Fetches that failed.</param>
/// <param name="Fault">Why it serves nothing until a restart, and the remedy; null: it serves.</param>
/// <param name="Unkept">Answers that were not kept for want of room.</param>
/// <param name="Shortage">What it lacks room for, and the remedy; null: it has enough.</param>
public sealed record MirrorView(
    string Name, string Upstream, int Files, long Bytes, long MaxBytes, long Hits, long Misses, long Stale, long Failures, long ServedBytes, long FetchedBytes,
    string? Fault = null, long Unkept = 0, string? Shortage = null);

/// <summary>A secret by its name; its value never comes out.</summary>
public sealed record SecretView(string Name, int Version);

/// <summary>A secret on its way in.</summary>
public sealed record SecretValue(string Value);

/// <summary>A refusal or a failure, as every route answers it (RFC 9457, trimmed).</summary>
/// <param name="Title">What is wrong.</param>
/// <param name="Detail">The remedy.</param>
/// <param name="Confirm">What the request's <c>confirm</c> has to hold to be taken; null where that is not what it lacks.</param>
public sealed record ProblemView(string? Title, string? Detail, int? Status, IReadOnlyList<DiagnosticView>? Diagnostics = null, string? Confirm = null);

/// <summary>Source-generated JSON for the whole management API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MachineListView))]
[JsonSerializable(typeof(MachineView))]
[JsonSerializable(typeof(UnknownClientView))]
[JsonSerializable(typeof(AdoptRequest))]
[JsonSerializable(typeof(AdoptResult))]
[JsonSerializable(typeof(DocumentsView))]
[JsonSerializable(typeof(TimelineView[]))]
[JsonSerializable(typeof(ApplyRequest))]
[JsonSerializable(typeof(ApplyResult))]
[JsonSerializable(typeof(RenderingView))]
[JsonSerializable(typeof(DeployRequest))]
[JsonSerializable(typeof(DeployResult))]
[JsonSerializable(typeof(ReplaceRequest))]
[JsonSerializable(typeof(LogView))]
[JsonSerializable(typeof(ServerStatusView))]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(ImageView))]
[JsonSerializable(typeof(ImageView[]))]
[JsonSerializable(typeof(MirrorView))]
[JsonSerializable(typeof(MirrorView[]))]
[JsonSerializable(typeof(SecretView))]
[JsonSerializable(typeof(SecretView[]))]
[JsonSerializable(typeof(SecretValue))]
public sealed partial class NetDeployJson : JsonSerializerContext;
