using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Telemetry;

namespace NovaCow.Runtime.Cluster;

/// <summary>This process has a link to the leader. Published on the event stream.</summary>
public sealed record LeaderLinked(ILink Link);

/// <summary>The link to the leader has ended, or leads to the leader no more.</summary>
public sealed record LeaderUnlinked(ILink Link);

/// <summary>
/// Keeps one link from a process without a store of its own to the leader, which it finds by
/// asking the seeds. It never gives up.
/// </summary>
/// <remarks>
/// While there is no leader, or none that answers, it keeps a link to some control node, its
/// guide, which says at once who leads when that changes.
/// </remarks>
public sealed class LeaderDialer : ReceiveActor, IWithTimers
{
    private readonly DialTimings _timings;
    private readonly Func<double> _jitter;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CurrentLink _current;
    private DialPlan _plan;
    private ILink? _link;
    private ILink? _guide;
    private int _attempt;
    private readonly OncePerCause _told = new(Context.System.TimeProvider);

    private LeaderDialer(IReadOnlyList<Uri> seeds, DialTimings timings, Func<double> jitter)
    {
        _plan = new DialPlan(seeds);
        (_timings, _jitter) = (timings, jitter);
        _current = Context.System.RegisterExtension(_ => new CurrentLink());
        Receive<Attempt>(Dial);
        Receive<Dialled>(OnDialled);
        Receive<DialFailed>(OnDialFailed);
        Receive<LeaderHint>(OnHint, hint => hint.Link == _link || hint.Link == _guide);
        Receive<LinkDown>(down => OnLost(down.Reason), down => down.Link == _link);
        Receive<LinkDown>(_ => _guide = null, down => down.Link == _guide);
        ReceiveAny(_ =>
        {
            // Of links that are not, or no longer, its own.
        });
    }

    /// <summary>Set by the runtime.</summary>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="seeds">Addresses of control nodes; one that answers is enough.</param>
    /// <param name="timings">The pauses between attempts.</param>
    /// <param name="jitter">From 0 to 1; random if null.</param>
    public static Props Props(
        IReadOnlyList<Uri> seeds, DialTimings? timings = null, Func<double>? jitter = null)
    {
        ArgumentNullException.ThrowIfNull(seeds);
        if (seeds.Count == 0)
            throw new ArgumentException("there is no seed to dial: name one", nameof(seeds));
        return Actors.Props.Create(() => new LeaderDialer(
            seeds, timings ?? new DialTimings(), jitter ?? Random.Shared.NextDouble));
    }

    /// <summary>The link to the leader that a process has now.</summary>
    internal static ILink? CurrentOf(ActorSystem system) =>
        system.GetExtension<CurrentLink>()?.Link;

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(LeaderHint));
        Context.System.EventStream.Subscribe(Self, typeof(LinkDown));
        TryNext();
    }

    protected override void PostStop()
    {
        _current.Link = null;
        Close(_link, "the dialler stops");
        SetGuide(null);
    }

    private void TryNext()
    {
        (_plan, var address, var delay) = _plan.Next(_timings, _jitter());
        Timers.StartSingleTimer(nameof(Attempt), new Attempt(++_attempt, address), delay);
    }

    private void Dial(Attempt attempt)
    {
        var links = Context.System.GetExtension<Links>() ?? throw new InvalidOperationException(
            "the system has no links: call Links.Start before");
        _ = links.DialAsync(attempt.Address, CancellationToken.None).PipeTo(
            Self,
            success: link => new Dialled(attempt.Number, link),
            failure: cause => new DialFailed(attempt.Number, cause));
    }

    private void OnDialled(Dialled dialled)
    {
        var link = dialled.Link;
        if (dialled.Attempt != _attempt)
        {
            Close(link, "it is not needed any more");
        }
        else if (link.Closed.IsCompleted)
        {
            Fail($"{link.Peer} closed the link at once");
        }
        else if (link.PeerLeads)
        {
            Adopt(link);
        }
        else
        {
            SetGuide(link);
            Follow(link);
        }
    }

    private void OnDialFailed(DialFailed failed)
    {
        if (failed.Attempt == _attempt)
            Fail(failed.Cause.Message);
    }

    private void OnHint(LeaderHint hint)
    {
        var link = hint.Link;
        if (link == _link && !link.PeerLeads)
        {
            Leave("it leads no more");
            SetGuide(link);
            Follow(link);
        }
        else if (link == _guide && link.PeerLeads)
        {
            _guide = null;
            Adopt(link);
        }
        else if (link == _guide && link.LeaderAddress is not null)
        {
            Follow(link);
        }
    }

    private void OnLost(string reason)
    {
        Leave(reason);
        _plan = _plan.Lost();
        TryNext();
    }

    private void Adopt(ILink link)
    {
        (_link, _plan) = (link, _plan.Connected());
        _told.Clear();
        _current.Link = link;
        // What is under way is not needed any more.
        _attempt++;
        Timers.Cancel(nameof(Attempt));
        SetGuide(null);
        _log.Info("linked to the leader {0}", link.Peer);
        Context.System.EventStream.Publish(new LeaderLinked(link));
    }

    private void Leave(string reason)
    {
        var link = _link!;
        (_link, _current.Link) = (null, null);
        _log.Warning("the link to the leader {0} ended: {1}", link.Peer, reason);
        Context.System.EventStream.Publish(new LeaderUnlinked(link));
    }

    private void SetGuide(ILink? link)
    {
        Close(_guide, "another guide is found");
        _guide = link;
    }

    private void Follow(ILink link)
    {
        if (Uri.TryCreate(link.LeaderAddress, UriKind.Absolute, out var leader))
        {
            _plan = _plan.Hinted(leader);
            TryNext();
        }
        else
        {
            Fail($"{link.Peer} knows no leader");
        }
    }

    private static void Close(ILink? link, string reason) => _ = link?.CloseAsync(reason);

    private void Fail(string why)
    {
        if (_told.IsNew(why))
            _log.Warning("no link to the leader yet: {0}", why);
        _plan = _plan.Failed();
        TryNext();
    }

    private sealed class CurrentLink
    {
        public volatile ILink? Link;
    }

    private sealed record Attempt(int Number, Uri Address);

    private sealed record Dialled(int Attempt, ILink Link);

    private sealed record DialFailed(int Attempt, Exception Cause);
}
