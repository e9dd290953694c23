using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using NovaCow.Client;
using NovaCow.Node.Api;

namespace NovaCow.Node.Tests.Api;

public sealed class EventStreamTests
{
    private readonly Alarms _time = new();
    private readonly Channel<ClusterEvent> _events = Channel.CreateUnbounded<ClusterEvent>();
    private readonly Recorder _written = new();

    [Fact]
    public async Task A_quiet_stream_has_a_heartbeat_that_is_no_event()
    {
        var writing = new EventStream(_written, _time).WriteAsync(_events.Reader, default);
        await _time.RingAsync();
        await _time.RingAsync();
        await NodeFixture.PollAsync(() => Task.FromResult(_written.Text == ":\n\n:\n\n"));

        _events.Writer.TryWrite(new ClusterEvent(
            7, DateTimeOffset.UnixEpoch, "host.up", "a", "a", "joined"));
        _events.Writer.Complete();
        await writing.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.StartsWith(":\n\n:\n\nevent: host.up\ndata: {\"id\":7,", _written.Text);
        Assert.EndsWith("}\nid: 7\n\n", _written.Text);
    }

    [Fact]
    public async Task An_event_puts_the_heartbeat_off()
    {
        using var end = new CancellationTokenSource();
        var writing = new EventStream(_written, _time).WriteAsync(_events.Reader, end.Token);
        var first = await _time.NextAsync();
        _events.Writer.TryWrite(new ClusterEvent(
            null, DateTimeOffset.UnixEpoch, "base.progress", "b", null, "line\nbreak"));
        var second = await _time.NextAsync();
        Assert.True(first.IsOver);
        Assert.Equal(EventStream.Heartbeat, second.Due);
        var lines = _written.Text.Split('\n');
        Assert.Equal(("event: base.progress", 4), (lines[0], lines.Length));
        Assert.StartsWith("data: {", lines[1]);

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        Assert.DoesNotContain(":\n\n", _written.Text);
    }

    /// <summary>A clock whose timers ring when the test says so.</summary>
    private sealed class Alarms : TimeProvider
    {
        private readonly ConcurrentQueue<Alarm> _set = new();

        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var alarm = new Alarm(() => callback(state), dueTime);
            _set.Enqueue(alarm);
            return alarm;
        }

        public async Task<Alarm> NextAsync()
        {
            Alarm? next = null;
            await NodeFixture.PollAsync(() => Task.FromResult(_set.TryDequeue(out next)));
            return next!;
        }

        public async Task RingAsync()
        {
            var next = await NextAsync();
            Assert.Equal(EventStream.Heartbeat, next.Due);
            next.Ring();
        }
    }

    private sealed class Alarm(Action ring, TimeSpan due) : ITimer
    {
        public TimeSpan Due => due;

        public bool IsOver { get; private set; }

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => IsOver = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Keeps what was written, for another thread to read.</summary>
    private sealed class Recorder : MemoryStream
    {
        private readonly Lock _lock = new();

        public string Text
        {
            get
            {
                lock (_lock)
                    return Encoding.UTF8.GetString(ToArray());
            }
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (_lock)
                Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
