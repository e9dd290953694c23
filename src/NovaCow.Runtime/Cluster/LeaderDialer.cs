using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;

namespace NovaCow.Runtime.Cluster;

/// <summary>This process has a link to the leader. Published on the event stream.</summary>
public sealed record LeaderLinked(ILink Link);

/// <summary>The link to the leader has ended, or leads to the leader no more.</summary>
public sealed record LeaderUnlinked(ILink Link);

/// <summary>
/// Keeps one link from a process without a store of its own to the leader, which it finds by
/// asking the seeds. It never gives up.
/// </summary>
public sealed class LeaderDialer : ReceiveActor, IWithTimers
{
    private readonly DialTimings _timings;
    private readonly Func<double> _jitter;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CurrentLink _current;
    private DialPlan _plan;
    private ILink? _link;
    private int _attempt;
    private string? _lastFailure;

    private LeaderDialer(IReadOnlyList<Uri> seeds, DialTimings timings, Func<double> jitter)
    {
        _plan = new DialPlan(seeds);
        (_timings, _jitter) = (timings, jitter);
        _current = Context.System.RegisterExtension(_ => new CurrentLink());
        Receive<Attempt>(Dial);
        Receive<Dialled>(OnDialled);
        Receive<DialFailed>(OnDialFailed);
        Receive<LeaderHint>(OnHint, hint => hint.Link == _link);
        Receive<LinkDown>(down => Leave(_plan.Lost(), down.Reason), d => d.Link == _link);
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
        _ = _link?.CloseAsync("the dialler stops");
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
        if (dialled.Attempt != _attempt)
        {
            _ = dialled.Link.CloseAsync("it is not needed any more");
            return;
        }
        var link = dialled.Link;
        if (link.Closed.IsCompleted)
        {
            Fail($"{link.Peer} closed the link at once");
        }
        else if (link.PeerLeads)
        {
            (_link, _plan, _lastFailure) = (link, _plan.Connected(), null);
            _current.Link = link;
            _log.Info("linked to the leader {0}", link.Peer);
            Context.System.EventStream.Publish(new LeaderLinked(link));
        }
        else
        {
            _ = link.CloseAsync("it does not lead");
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
        if (hint.Link.PeerLeads)
            return;
        var plan = TryUri(hint.LeaderAddress) is { } leader
            ? _plan.Hinted(leader)
            : _plan.Lost();
        _ = hint.Link.CloseAsync("it leads no more");
        Leave(plan, "it leads no more");
    }

    private void Follow(ILink link)
    {
        if (TryUri(link.LeaderAddress) is { } leader)
        {
            _plan = _plan.Hinted(leader);
            TryNext();
        }
        else
        {
            Fail($"{link.Peer} knows no leader");
        }
    }

    private void Leave(DialPlan plan, string reason)
    {
        _log.Warning("the link to the leader {0} ended: {1}", _link!.Peer, reason);
        Context.System.EventStream.Publish(new LeaderUnlinked(_link));
        (_link, _plan, _current.Link) = (null, plan, null);
        TryNext();
    }

    private void Fail(string why)
    {
        if (_lastFailure != why)
            _log.Warning("no link to the leader yet: {0}", why);
        _lastFailure = why;
        _plan = _plan.Failed();
        TryNext();
    }

    private static Uri? TryUri(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri : null;

    private sealed class CurrentLink
    {
        public volatile ILink? Link;
    }

    private sealed record Attempt(int Number, Uri Address);

    private sealed record Dialled(int Attempt, ILink Link);

    private sealed record DialFailed(int Attempt, Exception Cause);
}
