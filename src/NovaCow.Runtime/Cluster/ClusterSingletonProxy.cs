using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Telemetry;

namespace NovaCow.Runtime.Cluster;

/// <summary>What a proxy has to know.</summary>
public sealed record ClusterSingletonProxySettings
{
    /// <summary>The lease of the singleton.</summary>
    public required string Lease { get; init; }

    /// <summary>The singleton's path on the node that leads, such as
    /// <c>/user/scheduler-manager/singleton</c>.</summary>
    public required string SingletonPath { get; init; }

    /// <summary>How many messages wait for a leader; what comes on top is refused.</summary>
    public int BufferSize { get; init; } = 10_000;

    /// <summary>How soon a leader that cannot be reached is dialled again; after failures in a row
    /// up to sixteen times as long.</summary>
    public TimeSpan RedialInterval { get; init; } = TimeSpan.FromMilliseconds(250);
}

/// <summary>
/// Stands for the singleton wherever it runs: passes messages on, with their senders, to this
/// process or over a link, and keeps them, bounded, while there is no leader.
/// </summary>
/// <remarks>
/// It learns of the leader from the manager in its own process, or from the
/// <see cref="LeaderDialer"/> of a process that has none. What was passed on and not answered
/// when the leader went is not repeated: its asks fail, and the asker knows whether to try again.
/// </remarks>
public sealed class ClusterSingletonProxy : ReceiveActor, IWithTimers
{
    private const int MaxDoublings = 4;

    private readonly ClusterSingletonProxySettings _settings;
    private readonly Queue<(object Message, IActorRef Sender)> _waiting = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private LeaderChanged? _leader;
    private IActorRef? _singleton;
    private ILink? _link;
    private bool _ownsLink;
    private readonly OncePerCause _told = new(Context.System.TimeProvider);
    private int _attempt;
    private int _failures;

    private ClusterSingletonProxy(ClusterSingletonProxySettings settings)
    {
        _settings = settings;
        Receive<LeaderChanged>(OnLeaderChanged);
        Receive<LeaderLinked>(linked => Reach(linked.Link, owned: false));
        Receive<LeaderUnlinked>(_ => Lose());
        Receive<LinkDown>(OnLinkDown);
        Receive<Redial>(redial => Dial(redial.Attempt));
        Receive<Dialled>(OnDialled);
        Receive<DialFailed>(OnDialFailed);
        ReceiveAny(Pass);
    }

    /// <summary>Set by the runtime.</summary>
    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ClusterSingletonProxySettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return Actors.Props.Create(() => new ClusterSingletonProxy(settings));
    }

    protected override void PreStart()
    {
        var events = Context.System.EventStream;
        events.Subscribe(Self, typeof(LeaderChanged));
        events.Subscribe(Self, typeof(LeaderLinked));
        events.Subscribe(Self, typeof(LeaderUnlinked));
        events.Subscribe(Self, typeof(LinkDown));
        if (Leadership.Of(Context.System).Current(_settings.Lease) is { } leader)
            OnLeaderChanged(leader);
        else if (LeaderDialer.CurrentOf(Context.System) is { } link)
            Reach(link, owned: false);
    }

    protected override void PostStop()
    {
        Lose();
        foreach (var (message, sender) in _waiting)
            Context.System.DeadLetters.Tell(new DeadLetter(message, sender, Self), sender);
    }

    private void Pass(object message)
    {
        if (_singleton is { } singleton)
            singleton.Forward(message);
        else if (_waiting.Count < _settings.BufferSize)
            _waiting.Enqueue((message, Sender));
        else
            Refuse(message);
    }

    private void Refuse(object message)
    {
        if (Introductions.AwaitsAnswer(Sender))
        {
            Sender.Tell(new Status.Failure(new SingletonUnavailableException(
                $"{_settings.Lease} has no leader that can be reached, and " +
                $"{_settings.BufferSize} messages wait for one already: try again later")));
        }
        else
        {
            Context.System.DeadLetters.Tell(new DeadLetter(message, Sender, Self), Sender);
        }
    }

    private void OnLeaderChanged(LeaderChanged leader)
    {
        if (leader.Lease != _settings.Lease || leader == _leader)
            return;
        Lose();
        _leader = leader;
        _attempt++;
        _failures = 0;
        if (leader.IsSelf)
        {
            var path = Context.System.LocalAddress + _settings.SingletonPath;
            Reach(Context.System.ResolveActorRef(path));
        }
        else if (leader.Address is not null)
        {
            Dial(_attempt);
        }
    }

    private void Dial(int attempt)
    {
        if (attempt != _attempt || _leader?.Address is not { } address)
            return;
        if (Context.System.GetExtension<Links>() is not { } links)
        {
            _log.Error("{0} leads at {1}, and this process has no links", _leader.Lease, address);
            return;
        }
        _ = links.DialAsync(new Uri(address), CancellationToken.None).PipeTo(
            Self,
            success: link => new Dialled(attempt, link),
            failure: cause => new DialFailed(attempt, cause));
    }

    private void OnDialled(Dialled dialled)
    {
        if (dialled.Attempt == _attempt)
        {
            _told.Clear();
            _failures = 0;
            Reach(dialled.Link, owned: true);
        }
        else
            _ = dialled.Link.CloseAsync("the leader changed meanwhile");
    }

    private void OnDialFailed(DialFailed failed)
    {
        if (failed.Attempt != _attempt)
            return;
        if (_told.IsNew(failed.Cause.Message))
            _log.Warning("{0}: {1}", _settings.Lease, failed.Cause.Message);
        _failures++;
        RedialSoon();
    }

    private void OnLinkDown(LinkDown down)
    {
        if (down.Link != _link)
            return;
        Lose();
        if (_leader?.Address is not null)
            RedialSoon();
    }

    private void RedialSoon() => Timers.StartSingleTimer(
        nameof(Redial),
        new Redial(_attempt),
        _settings.RedialInterval * Math.Pow(2, Math.Min(_failures, MaxDoublings)));

    private void Reach(ILink link, bool owned)
    {
        Lose();
        (_link, _ownsLink) = (link, owned);
        // It may have ended while the news of it was under way.
        if (link.Closed.IsCompleted)
            Self.Tell(new LinkDown(link, ""), Self);
        else
            Reach(link.ActorFor(_settings.SingletonPath));
    }

    private void Reach(IActorRef singleton)
    {
        _singleton = singleton;
        Context.System.EventStream.Publish(new SingletonReachable(_settings.Lease, singleton));
        while (_waiting.TryDequeue(out var waiting))
        {
            // Nobody waits any more for the answer to an ask that timed out.
            if (waiting.Sender is not InternalActorRef { IsTerminated: true })
                singleton.Tell(waiting.Message, waiting.Sender);
        }
    }

    private void Lose()
    {
        if (_link is { } link && _ownsLink)
            _ = link.CloseAsync("the leader changed");
        _link = null;
        if (_singleton is null)
            return;
        _singleton = null;
        Context.System.EventStream.Publish(new SingletonUnreachable(_settings.Lease));
    }

    private sealed record Redial(int Attempt);

    private sealed record Dialled(int Attempt, ILink Link);

    private sealed record DialFailed(int Attempt, Exception Cause);
}
