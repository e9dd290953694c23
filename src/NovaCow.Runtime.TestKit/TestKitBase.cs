using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.TestKit;

/// <summary>
/// The base of tests of actors: an actor system of its own, an actor that stands for the test, and
/// expectations on what that actor receives. Messages that the test tells come from
/// <see cref="TestActor"/>. Expectations wait in real time, at most their timeout; only time itself
/// can be virtual.
/// </summary>
public abstract partial class TestKitBase : IAsyncDisposable
{
    private readonly TestQueue _queue = new();
    private readonly Quiescence _quiescence;
    private readonly EventFilters _filters;
    private readonly bool _ownsSystem;
    private int _probes;

    static TestKitBase()
    {
        // Tests that wait block their thread; the actors under test need others at once.
        ThreadPool.GetMinThreads(out var workers, out var io);
        ThreadPool.SetMinThreads(Math.Max(workers, 16), io);
    }

    /// <param name="options">The system's options; a <see cref="VirtualTimeProvider"/> in them
    /// makes
    /// all its time virtual.</param>
    /// <param name="output">Takes the log lines of the system under test.</param>
    protected TestKitBase(ActorSystemOptions? options = null, Action<string>? output = null)
    {
        options ??= new ActorSystemOptions();
        var activity = new ActivityCounter();
        Time = options.TimeProvider as VirtualTimeProvider;
        _quiescence = Time?.Quiescence ?? new Quiescence();
        _quiescence.Add(activity);
        _filters = new EventFilters(output);
        var sink = options.LogSink;
        Sys = ActorSystem.Create("test", options with
        {
            Activity = activity,
            LogSink = sink is null ? _filters.Write : sink + _filters.Write,
        });
        _ownsSystem = true;
        EventFilter = new EventFilterFactory(this, _filters);
        TestActor = Sys.SystemActorOf(Props.Create(() => new CollectingActor(_queue)), "testActor");
        ImplicitSender.Current = TestActor;
    }

    protected TestKitBase(VirtualTimeProvider time)
        : this(new ActorSystemOptions { TimeProvider = time })
    {
    }

    private protected TestKitBase(TestKitBase kit, string name)
    {
        Sys = kit.Sys;
        Time = kit.Time;
        DefaultTimeout = kit.DefaultTimeout;
        _quiescence = kit._quiescence;
        _filters = kit._filters;
        EventFilter = kit.EventFilter;
        TestActor = Sys.SystemActorOf(Props.Create(() => new CollectingActor(_queue)), name);
    }

    public ActorSystem Sys { get; }

    /// <summary>The actor that stands for the test.</summary>
    public IActorRef TestActor { get; }

    /// <summary>The virtual clock, when the system has one.</summary>
    public VirtualTimeProvider? Time { get; }

    /// <summary>As <see cref="Time"/>, for tests that cannot do without.</summary>
    public VirtualTimeProvider TestScheduler => Time ?? throw new InvalidOperationException(
        "this system runs on real time: give the test kit a VirtualTimeProvider");

    /// <summary>Expects log events.</summary>
    public EventFilterFactory EventFilter { get; }

    /// <summary>How long an expectation waits that does not say. Long, as it is only waited out
    /// when the test fails.</summary>
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(20);

    public IActorRef ActorOf(Props props, string? name = null) => Sys.ActorOf(props, name);

    public IActorRef ActorOf<T>(string? name = null)
        where T : ActorBase, new() => Sys.ActorOf(Props.Create<T>(), name);

    public IActorRef ActorOf<T>(Func<T> factory, string? name = null)
        where T : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    /// <summary>Another actor to tell and expect with.</summary>
    public TestProbe CreateTestProbe(string? name = null) =>
        new(this, $"{name ?? "probe"}-{Interlocked.Increment(ref _probes)}");

    /// <summary>Makes the test actor watch; returns when the watch is set.</summary>
    public IActorRef Watch(IActorRef subject)
    {
        TestActor.Ask<object>(new CollectingActor.WatchRequest(subject), DefaultTimeout)
            .GetAwaiter().GetResult();
        return subject;
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        TestActor.Ask<object>(new CollectingActor.UnwatchRequest(subject), DefaultTimeout)
            .GetAwaiter().GetResult();
        return subject;
    }

    public void SetAutoPilot(AutoPilot pilot) => _queue.Pilot = pilot;

    /// <summary>Messages that the predicate takes are dropped as they arrive.</summary>
    public void IgnoreMessages(Func<object, bool> shouldIgnore) => _queue.Ignore = shouldIgnore;

    public void IgnoreMessages<T>() => _queue.Ignore = static message => message is T;

    public void IgnoreNoMessages() => _queue.Ignore = null;

    /// <summary>Waits, in real time, until no actor of the system has anything to do.</summary>
    public void AwaitIdle() => _quiescence.Wait();

    /// <summary>Terminates the system under test.</summary>
    public async ValueTask Shutdown()
    {
        if (!_ownsSystem)
            return;
        try
        {
            await Sys.Terminate().WaitAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            throw new TestKitAssertionException(
                "the actor system has not terminated within 30 s: an actor does not return from "
                + "its handler",
                late);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Shutdown().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }
}

/// <summary>As <see cref="TestKitBase"/>, under Akka.TestKit's name.</summary>
public class TestKit : TestKitBase
{
    public TestKit(ActorSystemOptions? options = null, Action<string>? output = null)
        : base(options, output)
    {
    }

    public TestKit(VirtualTimeProvider time)
        : base(time)
    {
    }
}

/// <summary>An extra actor of a test, with expectations of its own.</summary>
public sealed class TestProbe : TestKitBase
{
    internal TestProbe(TestKitBase kit, string name)
        : base(kit, name)
    {
    }

    public IActorRef Ref => TestActor;

    /// <summary>Who sent the message that was received last.</summary>
    public IActorRef Sender => LastSender;

    /// <summary>Tells as this probe.</summary>
    public void Send(IActorRef actor, object message) => actor.Tell(message, TestActor);

    /// <summary>Answers the message received last.</summary>
    public void Reply(object message) => LastSender.Tell(message, TestActor);

    /// <summary>Passes the message received last on, with its sender.</summary>
    public void Forward(IActorRef actor) => actor.Tell(LastMessage, LastSender);
}
