namespace NovaCow.Core.Scheduling;

/// <summary>What is wanted of the copies of one image: a desired state, which the scheduler brings
/// about and keeps. It speaks of the image's current version, whichever that is.</summary>
public sealed record ImageCache
{
    /// <summary>The most copies that can be asked for.</summary>
    public const int MaxCopies = 10_000;

    /// <summary>Nothing is wanted.</summary>
    public static ImageCache None { get; } = new();

    /// <summary>So many hosts are to have it at the least; 0: none is asked for.</summary>
    public int MinCopies { get; init; }

    /// <summary>These hosts are to have it, by name.</summary>
    public IReadOnlyList<HostId> Hosts { get; init; } = [];

    /// <summary>Copies that there are, are never evicted. A pin makes none.</summary>
    public bool IsPinned { get; init; }

    /// <summary>The hosts that the pin is about, by name; none: all of them.</summary>
    public IReadOnlyList<HostId> PinnedOn { get; init; } = [];

    /// <summary>Whether anything is wanted.</summary>
    public bool IsNone() => MinCopies == 0 && Hosts.Count == 0 && !IsPinned;

    /// <summary>Whether both want the same.</summary>
    public bool IsSame(ImageCache other) =>
        (MinCopies, IsPinned) == (other.MinCopies, other.IsPinned)
            && Hosts.SequenceEqual(other.Hosts)
            && PinnedOn.SequenceEqual(other.PinnedOn);

    /// <inheritdoc/>
    public override string ToString()
    {
        List<string> wanted = [];
        if (MinCopies > 0)
            wanted.Add($"{MinCopies} copies");
        if (Hosts.Count > 0)
            wanted.Add($"on {string.Join(", ", Hosts)}");
        if (IsPinned)
        {
            wanted.Add(PinnedOn.Count == 0
                ? "pinned" : $"pinned on {string.Join(", ", PinnedOn)}");
        }

        return wanted.Count == 0 ? "no copies wanted" : string.Join("; ", wanted);
    }
}

/// <summary>The versions of an image that was ever updated. Launches take the current one, which
/// stands in the catalogue.</summary>
public sealed record ImageHistory
{
    /// <summary>The current version's number, from 1.</summary>
    public int Number { get; init; } = 1;

    /// <summary>The highest number that was given.</summary>
    public int Newest { get; init; } = 1;

    /// <summary>What was current before; null: nothing was.</summary>
    public Image? Previous { get; init; }

    /// <summary>Its number.</summary>
    public int PreviousNumber { get; init; }

    /// <summary>The update that is under way, or the last one.</summary>
    public ImageUpdate? Update { get; init; }

    /// <summary>The update that is under way.</summary>
    public ImageUpdate? Open() => Update is { EndedAt: null } open ? open : null;

    /// <summary>The history after an event.</summary>
    public ImageHistory Apply(CacheEvent happened) => happened switch
    {
        ImageUpdateBegun e => this with
        {
            Newest = e.Number,
            Update = new ImageUpdate(e.Number, e.Next, e.MinWarm, e.At),
        },
        ImageSwitched e => this with
        {
            Number = e.Number,
            Previous = e.From,
            PreviousNumber = Number,
            Update = Open() is { } open && open.Number == e.Number
                ? open with { EndedAt = e.At } : Update,
        },
        ImageUpdateEnded e => this with
        {
            Update = Update! with { EndedAt = e.At, Error = e.Error },
        },
        _ => this,
    };
}

/// <summary>The making of an image's next version.</summary>
/// <param name="Number">The version's number.</param>
/// <param name="Image">The version.</param>
/// <param name="MinWarm">Launches take it once so many hosts have it.</param>
/// <param name="BegunAt">When it was asked for.</param>
public sealed record ImageUpdate(
    int Number, Image Image, int MinWarm, DateTimeOffset BegunAt)
{
    /// <summary>When it ended; null: it is under way.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why the version did not become current; null: it did, or may.</summary>
    public LaunchError? Error { get; init; }
}
