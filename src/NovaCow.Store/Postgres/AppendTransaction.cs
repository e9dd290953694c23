using Npgsql;

namespace NovaCow.Store.Postgres;

/// <summary>
/// One try to commit a group of appends, in two round trips: the first locks the leases and streams
/// that the group depends on and tells where they stand, the second writes and commits. What to
/// refuse is decided between them, so a refused append leaves its neighbours alone.
/// </summary>
/// <remarks>
/// The lock on a lease's row lets its holder renew it, and makes whoever takes it wait until this
/// transaction has ended: no commit of an old epoch comes after a new one was given out. Locks are
/// taken in one order by all, so two groups never wait for each other.
/// </remarks>
internal sealed class AppendTransaction(NpgsqlConnection connection, IReadOnlyList<Append> group)
{
    private const string LockLeases =
        "SELECT name, epoch FROM lease WHERE name = ANY($1) ORDER BY name FOR KEY SHARE";

    private const string LockStreams =
        "SELECT persistence_id, id, highest_sequence_nr FROM stream WHERE persistence_id = ANY($1) "
        + "ORDER BY persistence_id FOR UPDATE";

    private const string CreateStreams =
        "INSERT INTO stream (persistence_id, highest_sequence_nr) "
        + "SELECT id, 0 FROM unnest($1) AS id ORDER BY id ON CONFLICT DO NOTHING "
        + "RETURNING persistence_id, id";

    private const string AdvanceStreams =
        "UPDATE stream SET highest_sequence_nr = last "
        + "FROM unnest($1, $2) AS advanced (stream, last) WHERE id = advanced.stream";

    private readonly Dictionary<string, long> _epochs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Stream> _streams = new(StringComparer.Ordinal);

    /// <summary>Whether a failure may have come after the commit.</summary>
    public bool IsCommitting { get; private set; }

    /// <returns>False when another process made one of the streams meanwhile: try again.</returns>
    public bool TryRun()
    {
        Lock();
        foreach (var append in group) Decide(append);
        if (!TryCreateStreams()) return false;
        Commit();
        return true;
    }

    private void Lock()
    {
        string[] streams = [.. group.Select(a => a.Wanted.PersistenceId).Distinct()];
        string[] leases =
            [.. group.Select(a => a.Wanted.Fence?.LeaseName).OfType<string>().Distinct()];
        using var batch = new NpgsqlBatch(connection);
        Add(batch, "BEGIN");
        Add(batch, LockLeases, leases);
        Add(batch, LockStreams, streams);
        using var reader = batch.ExecuteReader();
        while (reader.Read()) _epochs[reader.GetString(0)] = reader.GetInt64(1);
        reader.NextResult();
        while (reader.Read())
        {
            _streams[reader.GetString(0)] =
                new Stream { Id = reader.GetInt64(1), Highest = reader.GetInt64(2) };
        }
    }

    private void Decide(Append append)
    {
        var wanted = append.Wanted;
        append.Refusal = null;
        if (wanted.Fence is { } fence
            && _epochs.GetValueOrDefault(fence.LeaseName) is var epoch && epoch != fence.Epoch)
        {
            append.Refusal = Refusals.Fenced(wanted.PersistenceId, fence, epoch);
            return;
        }
        var stream = _streams.GetValueOrDefault(wanted.PersistenceId) ?? new Stream();
        if (wanted.FirstSequenceNr != stream.Highest + 1)
        {
            append.Refusal = Refusals.Conflict(
                wanted.PersistenceId, wanted.FirstSequenceNr, stream.Highest);
            return;
        }
        stream.Highest += wanted.Events.Count;
        stream.IsAdvanced = true;
        _streams[wanted.PersistenceId] = stream;
    }

    private bool TryCreateStreams()
    {
        string[] missing = [.. _streams.Where(s => s.Value.Id == 0).Select(s => s.Key)];
        if (missing.Length == 0) return true;
        using var command = new NpgsqlCommand(CreateStreams, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = missing });
        using var reader = command.ExecuteReader();
        var created = 0;
        for (; reader.Read(); created++) _streams[reader.GetString(0)].Id = reader.GetInt64(1);
        return created == missing.Length;
    }

    private void Commit()
    {
        var written = group.Where(a => a.Refusal is null).ToList();
        using var batch = new NpgsqlBatch(connection);
        if (written.Count > 0)
        {
            List<Stream> advanced = [.. _streams.Values.Where(s => s.IsAdvanced)];
            long[] ids = [.. advanced.Select(s => s.Id)];
            long[] highest = [.. advanced.Select(s => s.Highest)];
            Add(batch, AdvanceStreams, ids, highest);
            AddEvents(batch, written);
        }
        Add(batch, "COMMIT");
        IsCommitting = written.Count > 0;
        batch.ExecuteNonQuery();
    }

    private void AddEvents(NpgsqlBatch batch, List<Append> written)
    {
        var count = written.Sum(a => a.Wanted.Events.Count);
        var (streams, sequenceNrs) = (new long[count], new long[count]);
        var (manifests, bytes) = (new string[count], new ReadOnlyMemory<byte>[count]);
        var i = 0;
        foreach (var wanted in written.Select(a => a.Wanted))
        {
            var stream = _streams[wanted.PersistenceId].Id;
            for (var n = 0; n < wanted.Events.Count; n++, i++)
            {
                (streams[i], sequenceNrs[i]) = (stream, wanted.FirstSequenceNr + n);
                (manifests[i], bytes[i]) = (wanted.Events[n].Manifest, wanted.Events[n].Bytes);
            }
        }
        var insert = Add(batch, PostgresRows.InsertEvents, streams, sequenceNrs);
        insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = manifests });
        insert.Parameters.Add(PostgresRows.Bytes(bytes));
    }

    private static NpgsqlBatchCommand Add<T>(NpgsqlBatch batch, string sql, params T[][] arrays)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var array in arrays)
            command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = array });
        batch.BatchCommands.Add(command);
        return command;
    }

    private static void Add(NpgsqlBatch batch, string sql) =>
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));

    /// <summary>A stream as it will be when the group is committed.</summary>
    private sealed class Stream
    {
        /// <summary>0 while it is not made.</summary>
        public long Id { get; set; }

        public long Highest { get; set; }

        public bool IsAdvanced { get; set; }
    }
}
