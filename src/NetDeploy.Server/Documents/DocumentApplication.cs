using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using NetDeploy.Core.Addressing;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Enrolment;
using NetDeploy.Core.Machines;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets;
using NetDeploy.Protocols;
using NetDeploy.Server.Boot;
using NetDeploy.Server.Deployments;
using NetDeploy.Server.Secrets;

namespace NetDeploy.Server.Documents;

/// <summary>What came of adding a machine: the machine, or why there is none.</summary>
/// <param name="Diagnostics">Where its document does not compile.</param>
internal sealed record AddedMachine(Machine? Machine, Refusal? Refusal, ImmutableArray<Diagnostic> Diagnostics);

/// <summary>Brings desired state into force: the documents first, then the machines' records, then networks and reservations.</summary>
internal sealed class DocumentApplication(
    DocumentStore documents, DeploymentService deployments, SecretStore secrets, ImmutableArray<IPAddress> serverAddresses, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _applying = new(1);
    private readonly BackgroundRendering _rendering = new(documents, () => Secrets(secrets), clock, logger);
    private volatile BootNetworks _networks = BootNetworks.None;

    public BootNetworks Networks => _networks;

    /// <summary>Which machines of the documents in force render.</summary>
    public RenderingState Rendering => _rendering.State;

    /// <summary>
    /// What the stored documents say, at start. A kill in the middle of an apply is mended here: the set is in force, and each
    /// machine's record says which hardware of its document it took over last.
    /// </summary>
    /// <exception cref="ServerFault">The stored networks contradict each other or the interfaces.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var state = documents.Current;
        await PutMachinesAsync(state.Snapshot, cancellationToken).ConfigureAwait(false);
        var (networks, diagnostics) = Compile(state.Snapshot);
        _networks = networks ?? throw new ServerFault(
            $"The stored networks do not fit: {diagnostics[0].Message}", "Mend the document, or the interface's address, and start again.");
        _rendering.Begin();
    }

    /// <summary>
    /// The documents are in force when this returns; the machines that they touch are rendered after that (<see cref="RenderedAsync"/>). A check
    /// renders them all first, and finds everything.
    /// </summary>
    public async Task<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SourceText> texts, long? basedOn, bool prune, bool checkOnly, CancellationToken cancellationToken)
    {
        var outcome = await TakeAsync(texts, basedOn, prune, checkOnly, cancellationToken).ConfigureAwait(false);
        if (!checkOnly || outcome.Candidate is not { } candidate)
        {
            return outcome;
        }

        var rendering = await Task.Run(() => Core.Profiles.Rendering.Of(candidate, Secrets(secrets), cancellationToken: cancellationToken), cancellationToken).ConfigureAwait(false);
        return outcome with { Diagnostics = [.. outcome.Diagnostics, .. rendering.Findings.Select(f => f.Told)] };
    }

    /// <summary>Waits until the machines of what is in force are rendered, and no longer than that long.</summary>
    public Task<RenderingState> RenderedAsync(TimeSpan patience, CancellationToken cancellationToken) => _rendering.WaitAsync(patience, cancellationToken);

    /// <summary>After something changed that recipes name and documents do not hold: a secret.</summary>
    public void RenderAgain() => _rendering.Begin();

    private async Task<ApplyOutcome> TakeAsync(IReadOnlyCollection<SourceText> texts, long? basedOn, bool prune, bool checkOnly, CancellationToken cancellationToken)
    {
        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Checked before anything is stored: a set that DHCP would refuse, or that takes a machine's document from under its
            // deployment, is refused as a whole.
            (MachineIndex? Machines, BootNetworks? Networks) checkedWith = default;
            var outcome = documents.Apply(texts, basedOn, prune, checkOnly, snapshot =>
            {
                var machines = deployments.Machines;
                var (networks, wrong) = Compile(snapshot);
                checkedWith = (machines, networks);
                return [.. prune ? StillDeploying(snapshot) : [], .. wrong, .. Granting(snapshot), .. Unready(snapshot)];
            });
            if (!outcome.Accepted)
            {
                return outcome;
            }

            _rendering.Begin();
            var refusals = await PutMachinesAsync(outcome.State.Snapshot, cancellationToken).ConfigureAwait(false);
            if (prune)
            {
                refusals = refusals.AddRange(await ForgetMachinesAsync(outcome.State.Snapshot, cancellationToken).ConfigureAwait(false));
            }

            // Nearly always no machine changed with its documents: then what was checked is what there is.
            if (checkedWith.Networks is { } networks && checkedWith.Machines == deployments.Machines)
            {
                _networks = networks;
            }
            else
            {
                RefreshAddresses();
            }

            return outcome with { Diagnostics = outcome.Diagnostics.AddRange(refusals) };
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <summary>The server's own, which no machine may have.</summary>
    public ImmutableArray<IPAddress> ServerAddresses => serverAddresses;

    /// <summary>Adds the document of one machine, and puts it in force. Nothing else comes into force between the choice and that.</summary>
    /// <param name="make">What to add to these documents, or why nothing.</param>
    public async Task<AddedMachine> AddMachineAsync(Func<Snapshot, CommandResult<MachineText>> make, CancellationToken cancellationToken)
    {
        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var made = make(documents.Current.Snapshot);
            if (made.Value is not { } machine)
            {
                return new(null, made.Refusal, []);
            }

            var text = machine.Write();
            var outcome = documents.Apply([text], null, prune: false, checkOnly: false, snapshot => [.. Compile(snapshot).Diagnostics, .. Core.Profiles.Rendering.Check(snapshot, snapshot.Machines[machine.Name], _ => [])]);
            if (!outcome.Accepted)
            {
                var first = outcome.Diagnostics.First(d => d.Severity == Severity.Error);
                return new(null, new Refusal($"{machine.Name} cannot be added: {(first.Path.Length > 0 ? first.Path + ": " : "")}{first.Message}", first.Remedy), outcome.Diagnostics);
            }

            // From here on the machine is the document's, whoever waits for the answer.
            _rendering.Begin();
            var snapshot = outcome.State.Snapshot;
            var put = await PutMachineAsync(snapshot, snapshot.Machines[machine.Name], CancellationToken.None).ConfigureAwait(false);
            if (put.Refusal is { } refusal)
            {
                var left = documents.Remove(text.Path);
                _rendering.Begin();
                return left is [var first, ..]
                    ? new(null, new Refusal($"{refusal.Reason} Its document {text.Path} stays in force: {first.Message}", $"{refusal.Remedy} {first.Remedy}"), left)
                    : new(null, refusal, []);
            }

            RefreshAddresses();
            return new(put.Value, null, []);
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <summary>Writes the record of a machine whose document is in force without one: the store refused it then.</summary>
    public async Task<CommandResult<Machine>> RecordAsync(string name, CancellationToken cancellationToken)
    {
        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var snapshot = documents.Current.Snapshot;
            if (!snapshot.Machines.TryGetValue(name, out var spec))
            {
                return new(null, new Refusal($"No document describes the machine {name}.", "netdeploy apply its document."));
            }

            var put = await PutMachineAsync(snapshot, spec, cancellationToken).ConfigureAwait(false);
            RefreshAddresses();
            return put;
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <summary>
    /// Removes a machine, its history, and the document that the server wrote for it. The document goes first: alone it would be a machine that its rule
    /// took in and never deployed, and the next boot would have an installed disk written. A record alone is listed, boots its disk, and can be forgotten.
    /// </summary>
    public async Task<CommandResult<Machine>> ForgetAsync(string name, CancellationToken cancellationToken)
    {
        await _applying.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var path = MachineText.PathOf(name);
            if (documents.Current.Snapshot.FileOf(name) is { } file && (file != path || DocumentSet.Places(documents.Current.Applied.Where(t => t.Path == path)) is not [_]))
            {
                return new(null, new Refusal($"{name} is described in {file}.", $"Remove its document there, and apply the folder with --prune."));
            }

            if (deployments.Machines.ByName(name) is { } machine && deployments.Current(machine.Id) is { } deployment && !deployment.State.IsTerminal())
            {
                return new(null, DeploymentService.Deploying(name, deployment));
            }

            if (documents.Remove(path) is [var needed, ..])
            {
                return new(null, new Refusal($"{path} cannot be removed, since the other documents do not compile without it: {needed.Message}", needed.Remedy));
            }

            // From here on it has no document, whoever waits for the answer and whatever becomes of its record.
            _rendering.Begin();
            RefreshAddresses();
            return await deployments.ForgetAsync(name, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _applying.Release();
        }
    }

    /// <summary>After a binding moved: reservations follow the hardware.</summary>
    public void RefreshAddresses()
    {
        var (networks, diagnostics) = Compile(documents.Current.Snapshot);
        if (networks is not null)
        {
            _networks = networks;
        }
        else
        {
            DocumentLog.NetworksKept(logger, diagnostics[0].Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _rendering.DisposeAsync().ConfigureAwait(false);
        _applying.Dispose();
    }

    private (BootNetworks? Networks, ImmutableArray<Diagnostic> Diagnostics) Compile(Snapshot snapshot)
    {
        var reservations = new List<Reservation>();
        var declared = new List<MacAddress>();
        var fixedAddresses = new List<IPAddress>();
        foreach (var machine in snapshot.Machines.Values)
        {
            var bound = deployments.Machines.ByName(machine.Name)?.Binding.Macs ?? machine.Binding.Macs;
            declared.AddRange(bound);
            fixedAddresses.AddRange(snapshot.StaticAddressesOf(machine) ?? []);
            if (machine.Address is not null && bound is [var mac, ..])
            {
                reservations.Add(new Reservation(mac, machine.Address, machine.Name));
            }
        }

        var (networks, wrong) = BootNetworks.Of(snapshot.Networks.Values, reservations, serverAddresses, declared, fixedAddresses);
        return (networks, [.. wrong.Select(snapshot.Diagnose)]);
    }

    /// <summary>The hardware that the machine's document names; null without a document.</summary>
    public Binding? DocumentedHardware(string name) =>
        documents.Current.Snapshot.Machines.TryGetValue(name, out var spec) ? BindingOf(spec.Binding) : null;

    private async Task<ImmutableArray<Diagnostic>> PutMachinesAsync(Snapshot now, CancellationToken cancellationToken)
    {
        var refused = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var (machine, refusal) in await deployments.PutMachinesAsync(now.Machines.Values.Select(spec => Draft(now, spec)), cancellationToken).ConfigureAwait(false))
        {
            DocumentLog.MachineRefused(logger, machine, refusal.Reason, refusal.Remedy);
            refused.Add(new Diagnostic(Severity.Warning, "", 0, 0, machine, refusal.Reason, $"{refusal.Remedy} The rest is in force; then apply this document again."));
        }

        return refused.ToImmutable();
    }

    private Task<CommandResult<Machine>> PutMachineAsync(Snapshot now, MachineSpec spec, CancellationToken cancellationToken) =>
        deployments.PutMachineAsync(Draft(now, spec), cancellationToken);

    private static MachineDraft Draft(Snapshot now, MachineSpec spec) =>
        new(spec.Name, spec.Kind, BindingOf(spec.Binding), now.StaticAddressesOf(spec), spec.Protected);

    /// <summary>The machines that a prune would remove while they have a deployment.</summary>
    private IEnumerable<Diagnostic> StillDeploying(Snapshot next) =>
        from machine in deployments.Machines.Machines
        where !next.Machines.ContainsKey(machine.Name)
        let deployment = deployments.Current(machine.Id)
        where deployment is { State: var state } && !state.IsTerminal()
        select documents.Current.Snapshot.AtMachine(
            machine.Name, Severity.Error,
            $"{machine.Name} has a deployment that is {deployment.State.Word()}, and this apply would remove the machine.",
            $"Wait for its end or cancel it: netdeploy cancel {machine.Name}. Then apply with --prune again.");

    /// <summary>
    /// Documents that were exported here, and come back for machines that were forgotten or renamed meanwhile: their records begin anew, and the rule's
    /// word of then would have them written again.
    /// </summary>
    private IEnumerable<Diagnostic> Granting(Snapshot next) =>
        from machine in next.Machines.Values
        where machine.RuleGrants && machine.EnrolledIn == deployments.Generation
            && !(documents.Current.Snapshot.Machines.TryGetValue(machine.Name, out var now) && now.RuleGrants && now.EnrolledIn == machine.EnrolledIn)
        select next.AtMachine(
            machine.Name, Severity.Error,
            $"{machine.Name} says that its rule grants it a deployment, which only the server says of a machine that it enrols.",
            $"Remove the line ruleGrants; to install the machine: netdeploy deploy {machine.Name}");

    /// <summary>What these documents need before a machine can be deployed by them; it may come after them.</summary>
    private static IEnumerable<Diagnostic> Unready(Snapshot next)
    {
        if (next.Networks.IsEmpty)
        {
            yield return new Diagnostic(Severity.Warning, "", 0, 0, "", "there is no Network document, so no machine is answered.", "Apply one with the subnet of the boot network.");
        }
    }

    private async Task<ImmutableArray<Diagnostic>> ForgetMachinesAsync(Snapshot now, CancellationToken cancellationToken)
    {
        var refused = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var machine in deployments.Machines.Machines.Where(m => !now.Machines.ContainsKey(m.Name)))
        {
            var forgotten = await deployments.ForgetAsync(machine.Name, cancellationToken).ConfigureAwait(false);
            if (forgotten.Refusal is { } refusal)
            {
                refused.Add(new Diagnostic(Severity.Warning, "", 0, 0, "", refusal.Reason, $"{refusal.Remedy} Then apply with --prune again."));
            }
        }

        return refused.ToImmutable();
    }

    /// <summary>A secret may come after the documents that name it, so what it lacks is a warning.</summary>
    private static Func<Recipe, ImmutableArray<Diagnostic>> Secrets(SecretStore secrets)
    {
        var stored = secrets.Reveal();
        return recipe => SecretCheck.Run(recipe, stored, Severity.Warning);
    }

    private static Binding BindingOf(BindingHints hints) => new()
    {
        Macs = hints.Macs,
        Uuid = hints.Uuid,
        Serial = hints.Serial,
        Slot = Binding.SlotOf(hints.Slot?.RemoteId, hints.Slot?.CircuitId),
    };
}
