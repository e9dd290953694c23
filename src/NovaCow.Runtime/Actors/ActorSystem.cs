using System.Collections.Concurrent;
using NovaCow.Runtime.Telemetry;

namespace NovaCow.Runtime.Actors;

/// <summary>
/// A tree of actors with its clock, its event stream and its dead letters. Actors run on the
/// thread pool; the system has no threads of its own.
/// </summary>
public sealed class ActorSystem : IActorRefFactory, IAsyncDisposable, IDisposable
{
    private readonly TaskCompletionSource _terminated =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private readonly LocalActorRef _root;
    private readonly LocalActorRef _userGuardian;
    private readonly LocalActorRef _systemGuardian;

    private ActorSystem(string name, ActorSystemOptions options)
    {
        Name = name;
        Options = options;
        LocalAddress = new Address("akka", name);
        EventStream = new EventStream();
        Log = new LogBus(EventStream, options.TimeProvider, options.LogLevel, options.LogSink);
        Scheduler = new Scheduler(options.TimeProvider);
        var rootPath = ActorPath.CreateRoot(LocalAddress);
        DeadLetterOffice = new DeadLetterRef(rootPath / "deadLetters", this);
        Temp = new TempRefs(rootPath / "temp");
        _root = new LocalActorRef(rootPath);
        var supervisor = new RootSupervisor(rootPath / "_above", this);
        var cell = new ActorCell(
            this,
            _root,
            supervisor,
            Props.Create<RootGuardian>(SupervisorStrategy.StoppingStrategy));
        _systemGuardian = (LocalActorRef)cell.ActorOf(
            Props.Create<Guardian>(SupervisorStrategy.DefaultStrategy), "system");
        _userGuardian = (LocalActorRef)cell.ActorOf(
            Props.Create<Guardian>(options.UserGuardianStrategy), "user");
        ActorMetrics.Attach(this);
        cell.Start();
    }

    public string Name { get; }

    public ActorSystemOptions Options { get; }

    public TimeProvider TimeProvider => Options.TimeProvider;

    public EventStream EventStream { get; }

    public Scheduler Scheduler { get; }

    /// <summary>Takes what has no receiver; it is everybody's sender of last resort.</summary>
    public IActorRef DeadLetters => DeadLetterOffice;

    /// <summary>The address in local paths. It names no machine.</summary>
    public Address LocalAddress { get; }

    /// <summary>The address by which other processes reach this system: set by links, and then
    /// paths that carry it resolve to the actors here.</summary>
    public Address? PublicAddress { get; set; }

    /// <summary>Makes references to actors of other systems: set by links.</summary>
    public Func<ActorPath, InternalActorRef?>? RemoteResolver { get; set; }

    /// <summary>Completes when every actor has stopped.</summary>
    public Task WhenTerminated => _terminated.Task;

    internal int Throughput => Options.Throughput;

    internal LogBus Log { get; }

    internal DeadLetterRef DeadLetterOffice { get; }

    internal TempRefs Temp { get; }

    internal ActorCell RootCell => _root.Cell;

    /// <exception cref="ArgumentException">The name is no part of an address.</exception>
    public static ActorSystem Create(string name, ActorSystemOptions? options = null)
    {
        if (string.IsNullOrEmpty(name)
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            throw new ArgumentException(
                $"'{name}' is no name for an actor system: use letters, digits, - and _",
                nameof(name));
        }

        return new ActorSystem(name, options ?? new ActorSystemOptions());
    }

    /// <summary>Makes a top-level actor.</summary>
    public IActorRef ActorOf(Props props, string? name = null) =>
        _userGuardian.Cell.ActorOf(props, name);

    /// <summary>Makes an actor of the runtime itself: those stop after all of the user's.</summary>
    public IActorRef SystemActorOf(Props props, string? name = null) =>
        _systemGuardian.Cell.ActorOf(props, name);

    public void Stop(IActorRef child)
    {
        ArgumentNullException.ThrowIfNull(child);
        if (child.Path.Parent.Equals(_userGuardian.Path))
            _userGuardian.Tell(new Guardian.StopChild(child), ActorRefs.NoSender);
        else if (child.Path.Parent.Equals(_systemGuardian.Path))
            _systemGuardian.Tell(new Guardian.StopChild(child), ActorRefs.NoSender);
        else
            (child as InternalActorRef)?.Stop();
    }

    /// <summary>
    /// The reference that a path names: an actor here, a pending ask, or, by
    /// <see cref="RemoteResolver"/>, one elsewhere. A path to nobody gives a reference that makes
    /// dead letters.
    /// </summary>
    public InternalActorRef ResolveActorRef(ActorPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var address = path.Address;
        if (address != LocalAddress && address != PublicAddress)
            return RemoteResolver?.Invoke(path) ?? new MissingActorRef(path, this);
        var names = path.Elements;
        InternalActorRef? found = names switch
        {
            ["deadLetters"] => DeadLetterOffice,
            ["temp", var name] => Temp.Find(name),
            _ => names.Aggregate((InternalActorRef?)_root, (at, name) => at?.GetChild(name)),
        };
        if (found is null || (path.Uid != ActorPath.UndefinedUid && path.Uid != found.Path.Uid))
            return new MissingActorRef(path, this);
        return found;
    }

    public InternalActorRef ResolveActorRef(string path) => ResolveActorRef(ActorPath.Parse(path));

    /// <summary>Keeps one instance of a subsystem with the system: the first call makes it, later
    /// ones get it.</summary>
    public T RegisterExtension<T>(Func<ActorSystem, T> create)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(create);
        var lazy = _extensions.GetOrAdd(typeof(T), _ => new Lazy<object>(() => create(this)));
        return (T)lazy.Value;
    }

    /// <summary>The registered instance, or null.</summary>
    public T? GetExtension<T>()
        where T : class => _extensions.TryGetValue(typeof(T), out var lazy) ? (T)lazy.Value : null;

    /// <summary>Stops all actors, the user's first. Completes as
    /// <see cref="WhenTerminated"/> does.</summary>
    public Task Terminate()
    {
        _root.Tell(RootGuardian.StopSystem.Instance, ActorRefs.NoSender);
        return WhenTerminated;
    }

    public async ValueTask DisposeAsync() => await Terminate();

    /// <summary>Begins to stop and does not wait; prefer <see cref="DisposeAsync"/>.</summary>
    public void Dispose() => _ = Terminate();

    internal void Finish()
    {
        Scheduler.Close();
        ActorMetrics.Detach(this);
        _terminated.TrySetResult();
    }
}
