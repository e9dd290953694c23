using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Tests.Actors;

/// <summary>Throws what exceptions it is told, counts "add", and echoes the rest.</summary>
internal class Counter : ReceiveActor
{
    private int _count;

    public Counter()
    {
        Receive<Exception>(e => throw e);
        Receive<string>(m => m == "add", _ => _count++);
        Receive<string>(m => m == "count", _ => Sender.Tell(_count));
        ReceiveAny(message => Sender.Tell(message));
    }

    public static Props Props() => Runtime.Actors.Props.Create<Counter>();
}

/// <summary>Makes children on request, and judges them as it is told to.</summary>
internal class Parent : ReceiveActor
{
    private readonly SupervisorStrategy _strategy;
    private readonly bool _spareChildren;

    public Parent(SupervisorStrategy strategy, bool spareChildren)
    {
        _strategy = strategy;
        _spareChildren = spareChildren;
        Receive<MakeChild>(make => Sender.Tell(Context.ActorOf(make.Props, make.Name)));
        Receive<CountChildren>(_ => Sender.Tell(Context.GetChildren().Count()));
        Receive<Task>(task => task.Wait(TimeSpan.FromSeconds(30)));
        Receive<Exception>(e => throw e);
    }

    public static Props Props(Func<Exception, Directive> decider, bool spareChildren = false) =>
        Runtime.Actors.Props.Create(
            () => new Parent(new OneForOneStrategy(decider), spareChildren));

    public static Props Props(SupervisorStrategy strategy) =>
        Runtime.Actors.Props.Create(() => new Parent(strategy, false));

    protected override SupervisorStrategy SupervisorStrategy() => _strategy;

    protected override void PreRestart(Exception reason, object? message)
    {
        if (!_spareChildren)
            base.PreRestart(reason, message);
    }

    public sealed record MakeChild(Props Props, string? Name);

    public sealed record CountChildren
    {
        public static readonly CountChildren Instance = new();
    }
}

/// <summary>Tells an observer its lifecycle, and whatever it receives.</summary>
internal sealed class Recorder : ReceiveActor
{
    private readonly IActorRef _observer;
    private readonly int _incarnation;

    public Recorder(IActorRef observer, int incarnation)
    {
        _observer = observer;
        _incarnation = incarnation;
        Receive<Exception>(e => throw e);
        ReceiveAny(_observer.Tell);
    }

    public static Props Props(IActorRef observer)
    {
        var incarnation = 0;
        return Runtime.Actors.Props.Create(() => new Recorder(observer, ++incarnation));
    }

    protected override void PreStart() => _observer.Tell($"PreStart {_incarnation}");

    protected override void PostStop() => _observer.Tell($"PostStop {_incarnation}");

    protected override void PreRestart(Exception reason, object? message)
    {
        _observer.Tell(
            $"PreRestart {_incarnation} {reason.Message} on {message?.GetType().Name}");
        base.PreRestart(reason, message);
    }

    protected override void PostRestart(Exception reason)
    {
        _observer.Tell($"PostRestart {_incarnation} {reason.Message}");
        base.PostRestart(reason);
    }
}

internal static class ParentExtensions
{
    public static IActorRef MakeChild(this IActorRef parent, Props props, string? name = null) =>
        parent.Ask<IActorRef>(new Parent.MakeChild(props, name))
            .WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
}
