using System.Globalization;
using JsonSerializer = System.Text.Json.JsonSerializer;
using LiteDB;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Storage;

/// <summary>
/// How LiteDB gets what the journal has. LiteDB's data file is written by checkpoints alone, and only <see cref="Rotate"/> makes one; what came
/// since is in LiteDB's log and, whole and durable, in the journal. So the log can be thrown away at any time but one: while a checkpoint
/// overwrites the data file, which the marker says.
/// </summary>
public sealed partial class LiteDbRecordStore
{
    private static string LogOf(string database) => Path.ChangeExtension(database, null) + "-log.db";

    /// <summary>There from before the first byte of a checkpoint until after its last: the log is synced, and the data file needs it.</summary>
    private static string MarkerOf(string database) => Path.ChangeExtension(database, null) + ".checkpoint";

    private static string FolderOf(string database) => Path.GetDirectoryName(database)!;

    /// <summary>LiteDB as of its last checkpoint.</summary>
    private static LiteDatabase OpenTrusted(string database)
    {
        if (!File.Exists(MarkerOf(database)))
        {
            // Nobody synced it: after a full disk or a power cut any page of it may be torn, and LiteDB has no checksums.
            File.Delete(LogOf(database));
            return OpenLite(database);
        }

        var lite = OpenLite(database);
        try
        {
            EndCheckpoint(lite, database);
            return lite;
        }
        catch
        {
            CloseLite(lite);
            throw;
        }
    }

    private static LiteDatabase OpenLite(string database)
    {
        var lite = new LiteDatabase(new ConnectionString { Filename = database, Connection = ConnectionType.Direct, Upgrade = false });

        // Checkpoints rewrite the data file in place; LiteDB starts them with its log not yet synced. Only Rotate makes them.
        lite.CheckpointSize = 0;
        return lite;
    }

    /// <summary>May be done again after it failed or was cut off at any place: every page comes from the log.</summary>
    private static void EndCheckpoint(LiteDatabase lite, string database)
    {
        lite.Checkpoint();
        File.Delete(MarkerOf(database));
        Posix.SyncFolder(FolderOf(database));
    }

    private static void CloseLite(LiteDatabase? lite)
    {
        try
        {
            lite?.Dispose();
        }
        catch (Exception failure) when (failure is LiteException or IOException or ObjectDisposedException or AggregateException)
        {
            // What it could not write at its end is in the journal.
        }
    }

    private void TakeUp(List<byte[]> payloads, bool restored)
    {
        var identity = Store.FindById("identity");
        if (identity is not null && identity["schemaVersion"].AsInt32 > SchemaVersion)
        {
            throw new StoreException(
                $"The store {_database} has schema version {identity["schemaVersion"].AsInt32}; this server knows {SchemaVersion}.",
                "Start the newer server, or restore the data folder from before the upgrade.");
        }

        Machines.EnsureIndex("name", unique: true);
        Deployments.EnsureIndex("machine");
        Deployments.EnsureIndex("open");
        Replay(payloads);
        Generation = identity is null || restored ? Guid.NewGuid().ToString("n") : identity["generation"].AsString;
        Store.Upsert(new BsonDocument { ["_id"] = "identity", ["schemaVersion"] = SchemaVersion, ["generation"] = Generation });
        Rotate();
    }

    /// <summary>Applies the commits that LiteDB does not have.</summary>
    private void Replay(List<byte[]> payloads)
    {
        var applied = Store.FindById("applied");
        _number = applied?["number"].AsInt64 ?? 0;
        _sequence = applied?["sequence"].AsInt64 ?? 0;
        foreach (var payload in payloads)
        {
            var commit = JsonSerializer.Deserialize(payload, RecordJson.Default.JournaledCommit)!;
            if (commit.Number <= _number)
            {
                continue;
            }

            if (commit.Number != _number + 1)
            {
                throw new StoreException(
                    $"The journal of {_database} goes on at commit {commit.Number}, but the database ends at {_number}: they are not of one copy.",
                    "Restore both from the same copy.");
            }

            Apply(commit);
            if (LogIsTooLong())
            {
                // The log of a whole journal may need a hundred times its room, which the disk may not have.
                Checkpoint();
            }
        }
    }

    private bool LogIsTooLong() => new FileInfo(LogOf(_database)) is { Exists: true, Length: var log } && log > _journalBound * LogPerJournal;

    /// <summary>Everything so far becomes durable in LiteDB's data file, and the journal starts anew.</summary>
    private void Rotate()
    {
        Checkpoint();
        _journal.Clear();
    }

    /// <summary>So that the next start has little to replay: an apply of thousands of machines costs it a second.</summary>
    private void RotateAtEnd()
    {
        if (_broken is not null || _journal.Length < _journalBound / LeastAtEnd)
        {
            return;
        }

        try
        {
            CheckRoom(FolderOf(_database));
            Rotate();
        }
        catch (Exception failure) when (failure is StoreException or LiteException or IOException or UnauthorizedAccessException)
        {
            // The journal still has it, and the next start says what is wrong with the disk.
        }
    }

    private void Checkpoint()
    {
        // Closing drains LiteDB's write queue. Its log must be on the disk before a checkpoint overwrites pages in place.
        _lite.Dispose();
        var log = LogOf(_database);
        if (File.Exists(log))
        {
            using var file = File.OpenHandle(log, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(file);
        }

        _lite = OpenLite(_database);
        if ((Store.FindById("applied")?["number"].AsInt64 ?? 0) != _number)
        {
            throw new IOException($"{log} does not hold what was written to it.");
        }

        File.Create(MarkerOf(_database)).Dispose();
        Posix.SyncFolder(FolderOf(_database));
        EndCheckpoint(_lite, _database);
    }

    private void ApplyOrBreak(JournaledCommit commit)
    {
        try
        {
            Apply(commit);
            if (_journal.Length > _journalBound || LogIsTooLong())
            {
                Rotate();
            }
        }
        catch (Exception failure)
        {
            // The commit is durable in the journal and will be there after the next start; this process may no longer answer.
            _broken = $"commit {commit.Number} is in the journal but not in the database: {failure.Message}";
            throw new StoreException($"The store {_database} stopped: {_broken}", Restart, failure);
        }
    }

    /// <exception cref="StoreException">The disk has too little room for LiteDB to be safe on it.</exception>
    private static void CheckRoom(string folder)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < Room)
        {
            throw new StoreException(
                string.Create(CultureInfo.InvariantCulture, $"The disk of {folder} has {free >> 20} MiB left, and records need {Room >> 20} MiB."),
                "Make room on it: the server then goes on by itself, and nothing is lost.");
        }
    }
}
