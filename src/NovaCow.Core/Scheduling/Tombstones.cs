using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>An instance that is gone.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Image">The image it was launched from.</param>
/// <param name="Flavor">Its flavor.</param>
/// <param name="Host">Where it was last.</param>
/// <param name="Attempt">Its last attempt.</param>
/// <param name="AcceptedAt">When it was taken.</param>
/// <param name="DeletedAt">When nothing was left of it.</param>
public sealed record Tombstone(
    InstanceId Id,
    ImageName Image,
    FlavorName Flavor,
    HostId? Host,
    int Attempt,
    DateTimeOffset AcceptedAt,
    DateTimeOffset DeletedAt)
{
    /// <summary>What it was launched with beside them, without user data.</summary>
    public LaunchOptions Options { get; init; } = LaunchOptions.None;

    /// <summary>The digest of the user data that it was launched with.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UserDataDigest { get; init; }

    /// <summary>What the client asked for, to be held against a request that comes again; sealed.
    /// </summary>
    public LaunchOrder Order() =>
        new(Image, Flavor) { Options = Options, UserDataDigest = UserDataDigest };
}

/// <summary>
/// The ids of deleted instances, so that a request that comes again is not a new launch and a host
/// that comes back late is told to discard. Bounded in number and in age, by the events' own time.
/// </summary>
public sealed class Tombstones(int maxCount, TimeSpan maxAge)
{
    private readonly Dictionary<InstanceId, Tombstone> _byId = [];
    private readonly Queue<Tombstone> _oldestFirst = new();

    /// <summary>How many are remembered.</summary>
    public int Count => _byId.Count;

    /// <summary>All of them, the oldest first.</summary>
    public IEnumerable<Tombstone> All => _oldestFirst;

    /// <summary>Remembers one, and forgets what its time or number pushes out.</summary>
    public void Add(Tombstone tombstone)
    {
        _byId[tombstone.Id] = tombstone;
        _oldestFirst.Enqueue(tombstone);
        while (_oldestFirst.Count > maxCount
            || (_oldestFirst.TryPeek(out var oldest)
                && tombstone.DeletedAt - oldest.DeletedAt > maxAge))
        {
            Forget(_oldestFirst.Dequeue());
        }
    }

    /// <summary>The tombstone of an id, if it is remembered.</summary>
    public Tombstone? Find(InstanceId id) => _byId.GetValueOrDefault(id);

    private void Forget(Tombstone tombstone)
    {
        // A newer life of the same id may have ended since.
        if (_byId.TryGetValue(tombstone.Id, out var current) && ReferenceEquals(current, tombstone))
            _byId.Remove(tombstone.Id);
    }
}
