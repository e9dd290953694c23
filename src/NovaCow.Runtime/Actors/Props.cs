using System.Reflection;
using System.Runtime.ExceptionServices;
using NovaCow.Runtime.Telemetry;

namespace NovaCow.Runtime.Actors;

/// <summary>
/// The immutable recipe of an actor. It is used for the first instance and for every restart, so
/// what it captures is shared by all of them.
/// </summary>
public sealed class Props
{
    private readonly Func<ActorBase> _factory;

    private Props(Type type, Func<ActorBase> factory, SupervisorStrategy? strategy)
    {
        Type = type;
        Stats = ActorTypeStats.Of(type);
        _factory = factory;
        SupervisorStrategy = strategy;
    }

    /// <summary>The actor's class, which telemetry and logs name it by.</summary>
    public Type Type { get; }

    /// <summary>Overrides how the actor judges its children.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; }

    public static Props Create<T>(SupervisorStrategy? strategy = null)
        where T : ActorBase, new() => new(typeof(T), Construct<T>, strategy);

    public static Props Create<T>(Func<T> factory, SupervisorStrategy? strategy = null)
        where T : ActorBase
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props(typeof(T), factory, strategy);
    }

    public static Props Create<T>(params object?[] args)
        where T : ActorBase => Create(typeof(T), args);

    public static Props Create(Type type, params object?[] args)
    {
        ArgumentNullException.ThrowIfNull(type);
        if (!type.IsAssignableTo(typeof(ActorBase)) || type.IsAbstract)
            throw new ArgumentException($"{type} is not a concrete actor class", nameof(type));
        return new Props(type, () => Construct(type, args), null);
    }

    public Props WithSupervisorStrategy(SupervisorStrategy strategy) =>
        new(Type, _factory, strategy);

    /// <summary>What actors of this class have done, for telemetry.</summary>
    internal ActorTypeStats Stats { get; }

    internal ActorBase NewActor() => _factory();

    private static T Construct<T>()
        where T : new()
    {
        try
        {
            return new T();
        }
        catch (TargetInvocationException e) when (e.InnerException is { } cause)
        {
            // A generic new wraps what the constructor throws, and nobody asked it to.
            ExceptionDispatchInfo.Throw(cause);
            throw;
        }
    }

    private static ActorBase Construct(Type type, object?[] args)
    {
        const BindingFlags Flags =
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic
            | BindingFlags.DoNotWrapExceptions | BindingFlags.OptionalParamBinding;
        try
        {
            return (ActorBase)Activator.CreateInstance(type, Flags, null, args, null)!;
        }
        catch (MissingMethodException e)
        {
            var given = string.Join(", ", args.Select(a => a?.GetType().Name ?? "null"));
            throw new ActorInitializationException(
                null, $"{type.Name} has no constructor that takes ({given})", e);
        }
    }
}
