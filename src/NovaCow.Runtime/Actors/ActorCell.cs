using System.Diagnostics;
using NovaCow.Runtime.Telemetry;

namespace NovaCow.Runtime.Actors;

/// <summary>
/// The life of one incarnation: it owns the mailbox, the actor instance, its children, its watches
/// and its failures. Everything in it happens on the actor's own turn. What few actors need is made
/// on first use.
/// </summary>
internal sealed partial class ActorCell : Mailbox, IActorContext
{
    [ThreadStatic]
    private static ActorCell? t_current;

    private readonly LocalActorRef _self;
    private readonly InternalActorRef _parent;
    private readonly Props _props;
    private readonly ActorSystem _system;

    private ActorBase? _actor;
    private Envelope? _currentMessage;
    private Receive? _behavior;
    private Stack<Receive>? _outerBehaviors;

    public ActorCell(
        ActorSystem system, LocalActorRef self, InternalActorRef parent, Props props)
    {
        _system = system;
        _self = self;
        _parent = parent;
        _props = props;
        self.Cell = this;
        props.Stats.CountStart();
    }

    /// <summary>The cell whose turn it is on this thread.</summary>
    public static ActorCell? Current => t_current;

    public ActorSystem System => _system;

    public Props Props => _props;

    public LocalActorRef Self => _self;

    public ActorBase? Actor => _actor;

    public bool IsTerminated => IsClosed;

    public object? CurrentMessage => _currentMessage?.Message;

    public Envelope? CurrentEnvelope => _currentMessage;

    public IActorRef Sender => _currentMessage?.Sender ?? _system.DeadLetters;

    IActorRef IActorContext.Self => _self;

    public IActorRef Parent => _parent;

    protected override int Throughput => _system.Throughput;

    protected override ActivityCounter? Activity => _system.Options.Activity;

    public static IActorRef? CurrentSelfOrNoSender() =>
        t_current is { } cell ? cell._self : ImplicitSender.Current;

    /// <summary>Queues the message that makes the actor.</summary>
    public void Start() => EnqueueSystem(new Create());

    public void Become(Receive receive) => _behavior = receive;

    public void BecomeStacked(Receive receive)
    {
        (_outerBehaviors ??= new Stack<Receive>()).Push(_behavior!);
        _behavior = receive;
    }

    public void UnbecomeStacked()
    {
        if (_outerBehaviors is { Count: > 0 } outer)
            _behavior = outer.Pop();
    }

    /// <summary>Puts stashed messages in front of the mailbox.</summary>
    public new void Prepend(IReadOnlyList<Envelope> envelopes) => base.Prepend(envelopes);

    protected override void BeginRun() => t_current = this;

    protected override void EndRun(int processed)
    {
        t_current = null;
        if (processed > 0)
            _props.Stats.CountProcessed(processed);
    }

    protected override void Invoke(Envelope envelope)
    {
        if (ActorMetrics.Duration.Enabled && ActorMetrics.TakeSample())
            InvokeTimed(envelope);
        else
            Handle(envelope);
    }

    private void InvokeTimed(Envelope envelope)
    {
        var begun = Stopwatch.GetTimestamp();
        Handle(envelope);
        if (IsAwaiting)
            _synchronization!.TimedSince = begun;
        else
            RecordDuration(begun);
    }

    private void RecordDuration(long begun) => ActorMetrics.Duration.Record(
        Stopwatch.GetElapsedTime(begun).TotalSeconds, _props.Stats.Tag);

    private void Handle(Envelope envelope)
    {
        _currentMessage = envelope;
        _receiveTimeout?.BeginMessage();
        try
        {
            var message = envelope.Message;
            if (message is IAutoReceivedMessage)
                AutoReceive(message);
            else
                ReceiveMessage(message);
            if (IsAwaiting)
                return;
            _currentMessage = null;
        }
        catch (Exception cause)
        {
            HandleFailure(cause, perpetrator: null);
        }

        _receiveTimeout?.EndMessage(envelope.Message);
    }

    protected override void Undeliverable(Envelope envelope) =>
        _system.DeadLetterOffice.Take(envelope.Message, envelope.Sender, _self);

    private void ReceiveMessage(object message)
    {
        var actor = _actor!;
        if (!actor.AroundReceive(_behavior!, message))
            actor.OnUnhandled(message);
    }

    private void AutoReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                ReceivedTerminated(terminated);
                break;
            case TimerFired timer:
                if (_timers?.Claim(timer) is { } payload)
                {
                    _currentMessage = new Envelope(payload, null);
                    ReceiveMessage(payload);
                }

                break;
            case PoisonPill:
                _self.Stop();
                break;
            case Kill:
                throw new ActorKilledException($"{_self.Path} was killed by a Kill message");
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, _self), _self);
                break;
            default:
                ReceiveMessage(message);
                break;
        }
    }
}
