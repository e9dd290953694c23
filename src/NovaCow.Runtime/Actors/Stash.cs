namespace NovaCow.Runtime.Actors;

/// <summary>Keeps messages that an actor cannot handle yet, in order.</summary>
public interface IStash
{
    int Count { get; }

    int Capacity { get; }

    bool IsFull => Count >= Capacity;

    /// <summary>Puts the message being processed aside.</summary>
    /// <exception cref="StashOverflowException">The limit is reached.</exception>
    void Stash();

    /// <summary>Puts the oldest stashed message in front of the mailbox.</summary>
    void Unstash();

    /// <summary>Puts all stashed messages in front of the mailbox, in the order they came.
    /// </summary>
    void UnstashAll();

    void UnstashAll(Func<object, bool> predicate);
}

/// <summary>An actor that stashes. At a restart and a stop its stash goes back to the mailbox.
/// </summary>
public interface IWithStash
{
    /// <summary>Set by the runtime before <c>PreStart</c>.</summary>
    IStash Stash { get; set; }
}

/// <summary>The stash of one actor. Persistence keeps a second one, apart from the user's.
/// </summary>
internal sealed class StashImpl(ActorCell cell, int capacity) : IStash
{
    private List<Envelope> _stashed = [];

    public int Count => _stashed.Count;

    public int Capacity => capacity;

    public void Stash()
    {
        var envelope = cell.CurrentEnvelope ?? throw new IllegalActorStateException(
            $"{cell.Self.Path}: there is no message to stash: stash while handling one");
        if (_stashed is [.., var last] && ReferenceEquals(last, envelope))
        {
            throw new IllegalActorStateException(
                $"{cell.Self.Path}: {envelope.Message.GetType().Name} is stashed already");
        }

        if (_stashed.Count >= capacity)
            throw new StashOverflowException(cell.Self, capacity);
        _stashed.Add(envelope);
    }

    public void Unstash()
    {
        if (_stashed.Count == 0)
            return;
        cell.Prepend([_stashed[0]]);
        _stashed.RemoveAt(0);
    }

    public void UnstashAll()
    {
        if (_stashed.Count == 0)
            return;
        var all = _stashed;
        _stashed = [];
        cell.Prepend(all);
    }

    public void UnstashAll(Func<object, bool> predicate)
    {
        var chosen = _stashed.Where(e => predicate(e.Message)).ToList();
        _stashed.RemoveAll(chosen.Contains);
        cell.Prepend(chosen);
    }
}
