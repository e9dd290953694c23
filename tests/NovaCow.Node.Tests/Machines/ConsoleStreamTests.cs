using System.Text;
using NovaCow.Core.Hosting;
using NovaCow.Node.Api;

namespace NovaCow.Node.Tests.Machines;

public sealed class ConsoleStreamTests
{
    private readonly MemoryStream _written = new();
    private readonly List<long> _asked = [];
    private readonly Instant _time = new();

    [Fact]
    public async Task It_asks_again_where_it_ended_and_ends_with_the_instance()
    {
        var stream = Stream(
            n => n switch
            {
                0 => Part(4, "one ", 12),
                1 => Part(8, "two ", 12),
                2 => Part(12, "", 12),
                3 => Part(12, "three", 17),
                _ => throw new ApiException(404, "InstanceNotFound", "gone"),
            });
        await stream.WriteAsync(await stream.ReadAsync(-8, default), default);
        Assert.Equal("one two three", Text());
        Assert.Equal([-8, 8, 12, 12, 17], _asked);

        // Where there is more, there is no pause.
        Assert.Equal([ConsoleStream.ShortPause, ConsoleStream.LongPause, ConsoleStream.ShortPause],
            _time.Pauses);
    }

    [Fact]
    public async Task A_console_that_began_anew_is_read_from_its_beginning()
    {
        var stream = Stream(
            n => n switch
            {
                0 => Part(90, "old", 93),
                1 => Part(5, "", 5),
                2 => Part(0, "fresh", 5),
                _ => throw new ApiException(409, "Conflict", "it is being deleted"),
            });
        await stream.WriteAsync(await stream.ReadAsync(90, default), default);
        Assert.Equal("oldfresh", Text());
        Assert.Equal([90, 93, 0, 5], _asked);
    }

    [Fact]
    public async Task A_host_that_is_away_for_a_while_is_waited_for_and_one_that_stays_away_is_not()
    {
        var stream = Stream(
            n => n switch
            {
                0 => Part(0, "a", 1),
                < 20 => throw new ApiException(504, "Timeout", "host a does not answer"),
                20 => Part(1, "b", 2),
                _ => throw new ApiException(503, "NoLeader", "nobody leads"),
            });
        var first = await stream.ReadAsync(0, default);
        var e = await Assert.ThrowsAsync<ApiException>(() => stream.WriteAsync(first, default));
        Assert.Equal("NoLeader", e.Code);
        Assert.Equal("ab", Text());
        Assert.True(_time.Passed >= ConsoleStream.LostAfter);
    }

    [Fact]
    public async Task What_the_host_refuses_is_no_end()
    {
        var stream = Stream(n => n == 0
            ? Part(0, "a", 1) : throw new ApiException(400, "InvalidRequest", "no console"));
        var first = await stream.ReadAsync(0, default);
        var e = await Assert.ThrowsAsync<ApiException>(() => stream.WriteAsync(first, default));
        Assert.Equal("InvalidRequest", e.Code);
    }

    [Fact]
    public async Task Who_leaves_ends_it()
    {
        using var left = new CancellationTokenSource();
        var stream = Stream(n =>
        {
            if (n == 3)
                left.Cancel();
            return Part(0, "", 0);
        });
        var first = await stream.ReadAsync(0, default);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => stream.WriteAsync(first, left.Token));
    }

    private ConsoleStream Stream(Func<int, ConsolePart> answer) => new(
        (offset, _) =>
        {
            _asked.Add(offset);
            return Task.FromResult(answer(_asked.Count - 1));
        },
        _written,
        _time);

    private static ConsolePart Part(long offset, string text, long end) =>
        new(offset, Encoding.ASCII.GetBytes(text), end);

    private string Text() => Encoding.ASCII.GetString(_written.ToArray());

    /// <summary>A clock whose pauses are over at once.</summary>
    private sealed class Instant : TimeProvider
    {
        public List<TimeSpan> Pauses { get; } = [];

        public TimeSpan Passed { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Passed.Ticks;

        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Add(dueTime);
            Passed += dueTime;
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
