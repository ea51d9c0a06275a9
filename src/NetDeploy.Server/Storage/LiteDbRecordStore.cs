using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using JsonSerializer = System.Text.Json.JsonSerializer;
using LiteDB;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Machines;

namespace NetDeploy.Server.Storage;

/// <summary>
/// LiteDB behind a journal. LiteDB's commit returns before its pages are written, let alone synced (seen with strace), so a
/// commit is first appended to <see cref="CommitJournal"/> and synced, then applied to LiteDB in one transaction that also
/// records its number. LiteDB's log is never believed unless it was synced: a start begins at its data file and replays the
/// journal. LiteDB does not survive a full disk (its writer fails behind commits that returned, and its closing may hang), so
/// it is kept from one: a commit that would leave too little room is refused first, and the store goes on as soon as there is
/// room. One process, one lock: records are few.
/// </summary>
public sealed partial class LiteDbRecordStore : IRecordStore
{
    public const int SchemaVersion = 1;

    private const long DefaultJournalBound = 4 << 20;

    /// <summary>A commit of 200 bytes takes five pages of 8 KiB in LiteDB's log: the log is what fills a disk, and by it the journal is emptied too.</summary>
    private const int LogPerJournal = 8;

    /// <summary>A journal of that part of its bound is worth a checkpoint when the store is closed.</summary>
    private const int LeastAtEnd = 16;

    /// <summary>Bytes that the disk must have left: the log at its bound, the data file that a checkpoint makes of it, the journal twice while it is replaced, and as much for others on that disk.</summary>
    internal const long Room = 32 * DefaultJournalBound;

    private const string Restart = "Make room on that disk if it is full, then restart the server: it takes up what the journal holds.";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly string _database;
    private readonly long _journalBound;
    private readonly CommitJournal _journal;
    private LiteDatabase _lite;
    private string? _broken;
    private long _number;
    private long _sequence;

    private LiteDbRecordStore(string database, long journalBound, CommitJournal journal, LiteDatabase lite)
    {
        _journalBound = journalBound;
        _database = database;
        _journal = journal;
        _lite = lite;
    }

    public string Generation { get; private set; } = "";

    private ILiteCollection<BsonDocument> Machines => _lite.GetCollection("machines");

    private ILiteCollection<BsonDocument> Deployments => _lite.GetCollection("deployments");

    private ILiteCollection<BsonDocument> Timeline => _lite.GetCollection("timeline");

    private ILiteCollection<BsonDocument> Heads => _lite.GetCollection("timelineheads");

    private ILiteCollection<BsonDocument> Store => _lite.GetCollection("store");

    /// <summary>Opens or creates the store in a folder: <c>records.db</c>, <c>records-log.db</c>, <c>records.journal</c>.</summary>
    /// <param name="restored">The folder is a restored copy: it gets a new generation, which voids open grants and tokens.</param>
    /// <exception cref="StoreException">Locked, damaged, of a newer version, or the disk is full; it holds the remedy.</exception>
    public static LiteDbRecordStore Open(string folder, bool restored = false) => Open(folder, restored, DefaultJournalBound);

    internal static LiteDbRecordStore Open(string folder, bool restored, long journalBound)
    {
        folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(folder);
        var journal = CommitJournal.Open(Path.Combine(folder, "records.journal"), out var payloads);
        var database = Path.Combine(folder, "records.db");
        LiteDatabase? lite = null;
        LiteDbRecordStore? store = null;
        try
        {
            CheckRoom(folder);
            lite = OpenTrusted(database);
            store = new LiteDbRecordStore(database, journalBound, journal, lite);
            store.TakeUp(payloads, restored);
            return store;
        }
        catch (StoreException)
        {
            Close();
            throw;
        }
        catch (IOException failure)
        {
            Close();
            throw new StoreException(
                $"The store {database} cannot be opened: {failure.Message}", "Make room on its disk if it is full, and start again: nothing is lost. If the disk is broken, restore the data folder from a copy.", failure);
        }
        catch (Exception failure) when (failure is LiteException or InvalidOperationException or System.Text.Json.JsonException or InvalidCastException or ArgumentException or IndexOutOfRangeException or KeyNotFoundException)
        {
            Close();
            throw new StoreException(
                $"The store {database} is damaged: {failure.Message}",
                "Restore the data folder from a copy and start with --restored; the machines' documents can also be applied to an empty folder.", failure);
        }

        void Close()
        {
            // A rotation may have put another one in the place of the first.
            CloseLite(store?._lite ?? lite);
            journal.Dispose();
        }
    }

    public ValueTask<Machine?> MachineAsync(string id, CancellationToken cancellationToken = default) => LockedAsync(() => FindMachine(id), cancellationToken);

    public ValueTask<ImmutableArray<Machine>> MachinesAsync(CancellationToken cancellationToken = default) => LockedAsync(
        () => Machines.FindAll().Select(ToMachine).OrderBy(m => m.Name, StringComparer.Ordinal).ToImmutableArray(), cancellationToken);

    public ValueTask<Deployment?> DeploymentAsync(string id, CancellationToken cancellationToken = default) => LockedAsync(() => FindDeployment(id), cancellationToken);

    public ValueTask<ImmutableArray<Deployment>> DeploymentsOfAsync(string machineId, CancellationToken cancellationToken = default) => LockedAsync(
        () => Deployments.Find(Query.EQ("machine", machineId)).Select(ToDeployment).OrderByDescending(d => d.Id, StringComparer.Ordinal).ToImmutableArray(), cancellationToken);

    public ValueTask<ImmutableArray<Deployment>> OpenDeploymentsAsync(CancellationToken cancellationToken = default) => LockedAsync(
        () => Deployments.Find(Query.EQ("open", true)).Select(ToDeployment).OrderBy(d => d.Id, StringComparer.Ordinal).ToImmutableArray(), cancellationToken);

    public ValueTask<TimelinePage> TimelineAsync(
        string machineId, long after = 0, int limit = IRecordStore.TimelineBound, CancellationToken cancellationToken = default) => LockedAsync(
        () => new TimelinePage(
            [.. Timeline.Find(Query.Between("_id", EntryKey(machineId, after + 1), EntryKey(machineId, long.MaxValue)), limit: limit)
                .Select(d => JsonSerializer.Deserialize(d["json"].AsString, RecordJson.Default.TimelineEntry)!)],
            Heads.FindById(machineId)?["dropped"].AsInt64 ?? 0),
        cancellationToken);

    public ValueTask<CommitResult> CommitAsync(StoreChange change, CancellationToken cancellationToken = default) => LockedAsync<CommitResult>(
        () =>
        {
            var conflict = StoreRules.Conflict(
                change, FindMachine, name => Machines.FindOne(Query.EQ("name", name))?["_id"].AsString, FindDeployment);
            if (conflict is not null)
            {
                return new CommitResult.Conflict(conflict);
            }

            CheckRoom(FolderOf(_database));
            var committed = StoreRules.Resolve(change, _sequence);
            var journaled = new JournaledCommit(
                _number + 1, committed.Machines, [.. change.Forgotten.Select(m => m.Id)], committed.Deployments, committed.Entries);
            _journal.Append(JsonSerializer.SerializeToUtf8Bytes(journaled, RecordJson.Default.JournaledCommit));
            ApplyOrBreak(journaled);
            return committed;
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            RotateAtEnd();
            _broken ??= "it is closed";
            CloseLite(_lite);
            _journal.Dispose();
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Apply(JournaledCommit commit)
    {
        var sequence = commit.Entries.IsEmpty ? _sequence : commit.Entries[^1].Sequence;
        _lite.BeginTrans();
        try
        {
            foreach (var id in commit.Forgotten)
            {
                Machines.Delete(id);
                Heads.Delete(id);
                Deployments.DeleteMany(Query.EQ("machine", id));
                Timeline.DeleteMany(Query.Between("_id", EntryKey(id, 0), EntryKey(id, long.MaxValue)));
            }

            foreach (var machine in commit.Machines)
            {
                Machines.Upsert(new BsonDocument
                {
                    ["_id"] = machine.Id,
                    ["name"] = machine.Name,
                    ["json"] = JsonSerializer.Serialize(machine, RecordJson.Default.Machine),
                });
            }

            foreach (var deployment in commit.Deployments)
            {
                var isNew = Deployments.Upsert(new BsonDocument
                {
                    ["_id"] = deployment.Id,
                    ["machine"] = deployment.MachineId,
                    ["open"] = !deployment.State.IsTerminal(),
                    ["json"] = JsonSerializer.Serialize(deployment, RecordJson.Default.Deployment),
                });
                if (isNew)
                {
                    TrimDeployments(deployment.MachineId);
                }
            }

            foreach (var group in commit.Entries.GroupBy(e => e.MachineId, StringComparer.Ordinal))
            {
                AddEntries(group.Key, [.. group]);
            }

            Store.Upsert(new BsonDocument { ["_id"] = "applied", ["number"] = commit.Number, ["sequence"] = sequence });
            _lite.Commit();
        }
        catch
        {
            _lite.Rollback();
            throw;
        }

        _number = commit.Number;
        _sequence = sequence;
    }

    private void TrimDeployments(string machineId)
    {
        // The one that the machine's system came from is its last good recipe.
        var installed = FindMachine(machineId)?.InstalledDeploymentId;
        var ids = Deployments.Find(Query.And(Query.EQ("machine", machineId), Query.EQ("open", false)))
            .Select(d => d["_id"].AsString).Where(id => id != installed).OrderByDescending(id => id, StringComparer.Ordinal);
        foreach (var id in ids.Skip(IRecordStore.DeploymentBound).ToList())
        {
            Deployments.Delete(id);
        }
    }

    private void AddEntries(string machineId, ImmutableArray<TimelineEntry> entries)
    {
        foreach (var entry in entries)
        {
            Timeline.Insert(new BsonDocument
            {
                ["_id"] = EntryKey(machineId, entry.Sequence),
                ["json"] = JsonSerializer.Serialize(entry, RecordJson.Default.TimelineEntry),
            });
        }

        var head = Heads.FindById(machineId) ?? new BsonDocument { ["_id"] = machineId, ["count"] = 0L, ["dropped"] = 0L };
        var count = head["count"].AsInt64 + entries.Length;
        var surplus = (int)Math.Max(0, count - IRecordStore.TimelineBound);
        if (surplus > 0)
        {
            var line = Timeline.Find(Query.Between("_id", EntryKey(machineId, 0), EntryKey(machineId, long.MaxValue)))
                .Select(d => JsonSerializer.Deserialize(d["json"].AsString, RecordJson.Default.TimelineEntry)!);
            foreach (var sequence in StoreRules.FirstToGo(line, surplus))
            {
                Timeline.Delete(EntryKey(machineId, sequence));
            }
        }

        head["count"] = count - surplus;
        head["dropped"] = head["dropped"].AsInt64 + surplus;
        Heads.Upsert(head);
    }

    /// <summary>One index serves both the machine and the order.</summary>
    private static string EntryKey(string machineId, long sequence) => string.Create(CultureInfo.InvariantCulture, $"{machineId}/{sequence:x16}");

    private Machine? FindMachine(string id) => Machines.FindById(id) is { } found ? ToMachine(found) : null;

    private Deployment? FindDeployment(string id) => Deployments.FindById(id) is { } found ? ToDeployment(found) : null;

    private static Machine ToMachine(BsonDocument found) => JsonSerializer.Deserialize(found["json"].AsString, RecordJson.Default.Machine)!;

    private static Deployment ToDeployment(BsonDocument found) => JsonSerializer.Deserialize(found["json"].AsString, RecordJson.Default.Deployment)!;

    private async ValueTask<T> LockedAsync<T>(Func<T> run, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _broken is null ? run() : throw new StoreException($"The store {_database} does not answer: {_broken}", Restart);
        }
        catch (Exception failure) when (failure is LiteException or IOException or ObjectDisposedException)
        {
            // LiteDB writes behind its commits, and tells of a failure at whatever is asked next.
            _broken = failure.Message;
            throw new StoreException($"The store {_database} does not answer: {_broken}", Restart, failure);
        }
        finally
        {
            _gate.Release();
        }
    }
}
