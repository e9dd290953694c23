using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Runtime.Tests.Persistence;

/// <summary>An event: a word that was said.</summary>
internal sealed record Said(string Word);

/// <summary>A state: all the words.</summary>
internal sealed record Words(List<string> All);

/// <summary>An event that has no manifest.</summary>
internal sealed record Unregistered(string Word);

/// <summary>Does something as the actor.</summary>
internal sealed record Do(Action<Journaled> Work);

/// <summary>As <see cref="Do"/>, asynchronously.</summary>
internal sealed record DoAsync(Func<Journaled, Task> Work);

/// <summary>Says the word: persists it, applies it, and answers with it.</summary>
internal sealed record Say(string Word);

/// <summary>As <see cref="Say"/>, by PersistAsync.</summary>
internal sealed record SayAsync(string Word);

/// <summary>Answered with all words so far, joined by blanks.</summary>
internal sealed record Get;

/// <summary>
/// A persistent actor that remembers words and tells a listener what happens to it. What only an
/// actor may call is public here, for the tests' scripts.
/// </summary>
internal sealed class Journaled : ReceivePersistentActor
{
    private readonly IActorRef _listener;
    private readonly Func<Fence?> _fence;

    public Journaled(string id, IActorRef listener, Func<Fence?>? fence = null)
    {
        PersistenceId = id;
        _listener = listener;
        _fence = fence ?? (() => null);
        Recover<SnapshotOffer>(offer => Words.AddRange(((Words)offer.Snapshot).All));
        Recover<Said>(Apply);
        Recover<RecoveryCompleted>(_ => Tell($"recovered {LastSequenceNr} {IsRecovering}"));
        Commands();
    }

    public override string PersistenceId { get; }

    public List<string> Words { get; } = [];

    public Action<Said>? OnApply { get; set; }

    public IActorRef CurrentSender => Sender;

    protected override Fence? Fence => _fence();

    public static MessageSerializer Serializer() =>
        new MessageSerializer()
            .Register<Said>("said").Register<Words>("words").Register<SnapshotPlace>("parts");

    public void Tell(object message) => _listener.Tell(message, Self);

    public void Save(string word, Action<Said> then) => Persist(new Said(word), then);

    public void SaveInBackground(string word, Action<Said> then) =>
        PersistAsync(new Said(word), then);

    public void SaveAll(IEnumerable<string> words, Action<Said> then) =>
        PersistAll(words.Select(w => new Said(w)), then);

    public void SaveAllInBackground(IEnumerable<string> words, Action<Said> then) =>
        PersistAllAsync(words.Select(w => new Said(w)), then);

    public void SaveUnregistered(string word) =>
        Persist(new Unregistered(word), _ => Tell("never"));

    public void Later(string word, Action<string> then) => DeferAsync(word, then);

    public void LaterAndHold(string word, Action<string> then) => Defer(word, then);

    public void Snapshot() => SaveSnapshot(new Words(Words));

    public void SnapshotInParts(IEnumerable<object> parts) => SaveSnapshotInParts(parts);

    public void SnapshotOf(object state) => SaveSnapshot(state);

    public void Delete(long to) => DeleteMessages(to);

    public void StopNow() => Context.Stop(Self);

    public void BecomeDeaf() => Become(() => CommandAny(message => Tell($"deaf to {message}")));

    public void BecomeHearing() => Become(Commands);

    public void Apply(Said said)
    {
        OnApply?.Invoke(said);
        Words.Add(said.Word);
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        Tell($"failed {((Said)@event).Word} {sequenceNr} {cause.GetType().Name}");
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Tell($"rejected {((Unregistered)@event).Word} {sequenceNr}");

    protected override void OnRecoveryFailure(Exception cause, object? message = null) =>
        Tell($"not recovered {message} {cause.GetType().Name}");

    private void Commands()
    {
        Command<Do>(command => command.Work(this));
        CommandAsync<DoAsync>(command => command.Work(this));
        Command<Say>(command => Save(command.Word, ApplyAndReply));
        Command<SayAsync>(command => SaveInBackground(command.Word, ApplyAndReply));
        Command<Get>(_ => Sender.Tell(string.Join(' ', Words), Self));
        Command<SaveSnapshotSuccess>(Tell);
        Command<SaveSnapshotFailure>(Tell);
        Command<DeleteMessagesSuccess>(Tell);
        Command<DeleteMessagesFailure>(Tell);
    }

    private void ApplyAndReply(Said said)
    {
        Apply(said);
        Sender.Tell(said.Word, Self);
    }
}
