using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Telemetry;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Telemetry;

public sealed class ActorMetricsTests : TestKitBase
{
    [Fact]
    public void Actors_are_counted_by_class()
    {
        using var metrics = new Collector(nameof(Subject));
        var gate = new TaskCompletionSource();
        var actor = Watch(ActorOf<Subject>());
        for (var i = 0; i < 1_000; i++)
            actor.Tell("work");
        actor.Tell(new InvalidOperationException("boom"));
        actor.Tell("last");
        FishForMessage<string>(m => m == "last");
        AwaitIdle();
        Assert.Equal(1_002, metrics.Read("novacow.actor.messages"));
        Assert.Equal(1, metrics.Read("novacow.actor.restarts"));
        Assert.Equal(1, metrics.Read("novacow.actor.live"));
        Assert.Equal(0, metrics.Read("novacow.actor.stops"));
        Assert.InRange(metrics.Durations.Count, 1, 1_002);

        actor.Tell(gate.Task);
        actor.Tell("waits");
        actor.Tell("waits");
        AwaitAssert(() => Assert.Equal(2, metrics.Read("novacow.actor.mailbox.depth")));
        gate.SetResult();
        Sys.Stop(actor);
        FishForMessage<Terminated>(_ => true);
        AwaitIdle();
        var before = metrics.Read("novacow.actor.dead_letters");
        actor.Tell("too late");
        Assert.Equal(before + 1, metrics.Read("novacow.actor.dead_letters"));
        Assert.Equal(0, metrics.Read("novacow.actor.live"));
        Assert.Equal(1, metrics.Read("novacow.actor.stops"));
    }

    private sealed class Subject : ReceiveActor
    {
        public Subject()
        {
            Receive<Exception>(e => throw e);
            ReceiveAsync<Task>(task => task);
            Receive<string>(m => m == "last", m => Sender.Tell(m));
            ReceiveAny(_ => { });
        }
    }

    private sealed class Collector : IDisposable
    {
        private readonly string _type;
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _values = new();

        public Collector(string type)
        {
            _type = type;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == ActorMetrics.MeterName)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                if (IsOurs(tags))
                    _values[instrument.Name] = value;
            });
            _listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
            {
                if (IsOurs(tags))
                    Durations.Add(value);
            });
            _listener.Start();
        }

        public ConcurrentBag<double> Durations { get; } = [];

        public long Read(string name)
        {
            _listener.RecordObservableInstruments();
            return _values.GetValueOrDefault(name);
        }

        public void Dispose() => _listener.Dispose();

        private bool IsOurs(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag.Key == ActorMetrics.TypeTag && Equals(tag.Value, _type))
                    return true;
            }

            return false;
        }
    }
}
