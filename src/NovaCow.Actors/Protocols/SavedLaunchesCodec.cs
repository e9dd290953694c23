using System.Buffers;
using System.Text.Json;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using SavedLaunch = NovaCow.Core.Scheduling.SchedulerSnapshot.SavedLaunch;

namespace NovaCow.Actors.Protocols;

/// <summary>
/// Writes saved launches in some 70 bytes each: hosts, reasons and disks once for all, times as
/// differences. A launch with anything else to it is written as JSON in its place, so that a member
/// that is new to this format is never lost.
/// </summary>
internal static class SavedLaunchesCodec
{
    private const byte Version = 1;
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    private enum Kind : byte
    {
        Usual,
        Odd,
    }

    /// <summary>Writes them.</summary>
    public static void Write(SavedLaunches saved, IBufferWriter<byte> output)
    {
        var rows = new PackedWriter(new ArrayBufferWriter<byte>());
        var tables = new Tables();
        foreach (var launch in saved.Launches)
        {
            if (Usual(launch) is { } shape)
            {
                rows.Number((byte)Kind.Usual);
                Write(launch, tables, shape, rows);
            }
            else
            {
                rows.Number((byte)Kind.Odd);
                rows.Bytes(JsonSerializer.SerializeToUtf8Bytes(launch, Json));
            }
        }

        var whole = new PackedWriter(output);
        whole.Number(Version);
        tables.Write(whole);
        whole.Number(saved.Launches.Count);
        whole.Raw(rows.Written);
    }

    /// <summary>Reads them.</summary>
    public static SavedLaunches Read(ReadOnlySpan<byte> input)
    {
        var reader = new PackedReader(input);
        var version = reader.Number();
        if (version != Version)
        {
            throw new FormatException(
                $"saved launches of format {version}: this version knows {Version}; run a newer "
                    + "one");
        }

        var tables = Tables.Read(ref reader);
        var launches = new SavedLaunch[reader.Count()];
        for (var i = 0; i < launches.Length; i++)
        {
            launches[i] = (Kind)reader.Number() switch
            {
                Kind.Usual => Read(tables, ref reader),
                Kind.Odd => JsonSerializer.Deserialize<SavedLaunch>(reader.Bytes(), Json)!,
                var other => throw new FormatException($"a saved launch of kind {other}"),
            };
        }

        return new SavedLaunches(launches);
    }

    // What the rows hold, compared as a whole: what they do not hold makes a difference here.
    private static DiskShape? Usual(SavedLaunch l)
    {
        var (t, p) = (l.Timings, l.Timings.Preparation);
        var same = new SavedLaunch(
            l.Id, l.Spec, l.Phase, l.Host, l.Attempt, l.PlacedBecause, [], l.Disks,
            new LaunchTimings
            {
                AcceptedAt = t.AcceptedAt,
                PlacedAt = t.PlacedAt,
                CommittedAt = t.CommittedAt,
                ActiveAt = t.ActiveAt,
                FailedAt = t.FailedAt,
                DeletingAt = t.DeletingAt,
                Preparation = p is null ? null : new Preparation(p.Warm, p.BaseWait, p.Total),
            },
            null);
        return same == l ? DiskShape.Of(l.Id, l.Disks) : null;
    }

    private static void Write(SavedLaunch l, Tables tables, DiskShape shape, PackedWriter to)
    {
        to.Text(l.Id.Value);
        to.Number(l.Spec);
        to.Number((long)l.Phase);
        to.Number(tables.Hosts.At(l.Host?.Value));
        to.Number(l.Attempt);
        to.Number(tables.Reasons.At(l.PlacedBecause));
        to.Number(tables.Shapes.At(l.Disks.Count == 0 ? null : shape));
        var t = l.Timings;
        to.Number(t.AcceptedAt.UtcTicks);
        foreach (var at in (ReadOnlySpan<DateTimeOffset?>)
            [t.PlacedAt, t.CommittedAt, t.ActiveAt, t.FailedAt, t.DeletingAt])
        {
            to.Moment(t.AcceptedAt, at);
        }

        to.Number(t.Preparation switch { null => 0, { Warm: false } => 1, _ => 2 });
        if (t.Preparation is { } p)
        {
            to.Number(p.BaseWait.Ticks);
            to.Number(p.Total.Ticks);
        }
    }

    private static SavedLaunch Read(Tables tables, ref PackedReader from)
    {
        var id = InstanceId.Parse(from.Text());
        var (spec, phase) = (from.Count(), (LaunchPhase)from.Number());
        var host = tables.Hosts[from.Count()];
        var attempt = from.Count();
        var because = tables.Reasons[from.Count()];
        var shape = tables.Shapes[from.Count()];
        var accepted = new DateTimeOffset(from.Number(), TimeSpan.Zero);
        var timings = new LaunchTimings
        {
            AcceptedAt = accepted,
            PlacedAt = from.Moment(accepted),
            CommittedAt = from.Moment(accepted),
            ActiveAt = from.Moment(accepted),
            FailedAt = from.Moment(accepted),
            DeletingAt = from.Moment(accepted),
            Preparation = from.Number() switch
            {
                0 => null,
                var warm => new Preparation(
                    warm == 2, new TimeSpan(from.Number()), new TimeSpan(from.Number())),
            },
        };
        return new SavedLaunch(
            id, spec, phase, host is null ? null : tables.HostIds[host], attempt, because, [],
            shape is null ? [] : new InstanceDiskList(id, shape), timings, null);
    }

    /// <summary>What rows refer to by its place; place 0 is nothing.</summary>
    private sealed class Tables
    {
        public Table<string> Hosts { get; } = new();

        public Table<string> Reasons { get; } = new();

        public Table<DiskShape> Shapes { get; } = new();

        public Dictionary<string, HostId> HostIds { get; } = new(StringComparer.Ordinal);

        public static Tables Read(ref PackedReader from)
        {
            var tables = new Tables();
            for (var i = from.Count(); i > 0; i--)
            {
                var host = from.Text();
                tables.Hosts.At(host);
                tables.HostIds[host] = HostId.Parse(host);
            }

            for (var i = from.Count(); i > 0; i--)
                tables.Reasons.At(from.Text());
            for (var i = from.Count(); i > 0; i--)
            {
                tables.Shapes.At(new DiskShape(
                    JsonSerializer.Deserialize<InstanceDisk[]>(from.Bytes(), Json)!));
            }

            return tables;
        }

        public void Write(PackedWriter to)
        {
            to.Number(Hosts.Items.Count);
            Hosts.Items.ForEach(to.Text);
            to.Number(Reasons.Items.Count);
            Reasons.Items.ForEach(to.Text);
            to.Number(Shapes.Items.Count);
            foreach (var shape in Shapes.Items)
                to.Bytes(JsonSerializer.SerializeToUtf8Bytes(shape.Disks, Json));
        }
    }

    private sealed class Table<T>
        where T : class
    {
        private readonly Dictionary<T, int> _places = [];

        public List<T> Items { get; } = [];

        public T? this[int place] => place == 0 ? null : Items[place - 1];

        public int At(T? item)
        {
            if (item is null)
                return 0;
            if (!_places.TryGetValue(item, out var place))
            {
                Items.Add(item);
                _places[item] = place = Items.Count;
            }

            return place;
        }
    }
}
