using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Persistence;

/// <summary>A system with a <see cref="TestStore"/>; the test actor is the sender, a probe listens.
/// </summary>
public abstract class PersistenceSpec : TestKitBase
{
    private protected PersistenceSpec()
    {
        PersistenceExtension.Register(Sys, Store, Journaled.Serializer());
        Listener = CreateTestProbe("listener");
    }

    private protected TestStore Store { get; } = new();

    private protected TestProbe Listener { get; }

    private protected IActorRef Make(
        string id = "s", SupervisorStrategy? strategy = null, Func<Fence?>? fence = null)
    {
        var listener = Listener.Ref;
        var props = Props.Create(() => new Journaled(id, listener, fence));
        return strategy is null
            ? ActorOf(props)
            : ActorOf(Props.Create(() => new Parent(props), strategy));
    }

    /// <summary>Makes it and waits until it has recovered.</summary>
    private protected IActorRef MakeRecovered(
        string id = "s", SupervisorStrategy? strategy = null, Func<Fence?>? fence = null)
    {
        var actor = Make(id, strategy, fence);
        Listener.FishForMessage<string>(m => m.StartsWith("recovered", StringComparison.Ordinal));
        return actor;
    }

    private protected void StopAndWait(IActorRef actor)
    {
        Watch(actor);
        actor.Tell(PoisonPill.Instance);
        ExpectTerminated(actor);
    }

    private protected static void Tell(IActorRef actor, Action<Journaled> work) =>
        actor.Tell(new Do(work));

    /// <summary>Passes everything on to its only child, which it judges.</summary>
    private sealed class Parent : ReceiveActor
    {
        public Parent(Props props)
        {
            var child = Context.ActorOf(props, "child");
            ReceiveAny(message => child.Forward(message));
        }
    }
}
