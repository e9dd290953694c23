using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>The captured images that a host said it holds, and which of them it was told to remove,
/// over its present connection.</summary>
internal sealed class CapturePresence
{
    private readonly Dictionary<Digest, DateTimeOffset> _ordered = [];

    public HeldCaptures Held { get; private set; } = new(0, []);

    public void Begin()
    {
        Held = new HeldCaptures(0, []);
        _ordered.Clear();
    }

    /// <summary>The host says what it holds now. An order by an older number it has passed over.
    /// </summary>
    public void Set(HeldCaptures held)
    {
        if (held.Number != Held.Number)
            _ordered.Clear();
        Held = held;
        if (_ordered.Count == 0)
            return;
        var left = held.Images.Select(i => i.Digest).ToHashSet();
        foreach (var gone in _ordered.Keys.Where(d => !left.Contains(d)).ToList())
            _ordered.Remove(gone);
    }

    /// <summary>Those that it was not told to remove of late.</summary>
    public IEnumerable<Digest> Untold(TimeSpan patience, DateTimeOffset now) =>
        Held.Images.Select(i => i.Digest)
            .Where(d => !_ordered.TryGetValue(d, out var at) || now - at >= patience);

    public void Told(IEnumerable<Digest> digests, DateTimeOffset now)
    {
        foreach (var digest in digests)
            _ordered[digest] = now;
    }
}

/// <summary>How captured images that nobody refers to are removed.</summary>
public sealed record CaptureRules
{
    /// <summary>How often they are looked for.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a host has to remove one before it is told again.</summary>
    public TimeSpan TellAgainAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The most that one order names.</summary>
    public int MaxInOrder { get; init; } = 100;
}
