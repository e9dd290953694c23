namespace NovaCow.Core.Hosting;

/// <summary>That a base was not what it was when it was published.</summary>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="FoundAt">When that was found.</param>
/// <param name="Clones">The instances that had a clone of it then, the first
/// <see cref="MaxNamed"/> by id: what they read of the damaged part may have been wrong.</param>
/// <param name="CloneCount">How many there were in all.</param>
public sealed record BaseDamage(
    string Reason, DateTimeOffset FoundAt, IReadOnlyList<InstanceId> Clones, int CloneCount)
{
    /// <summary>The most instances that are named.</summary>
    public const int MaxNamed = 1_000;

    /// <summary>When it was made again with the right bytes; null: not yet.</summary>
    public DateTimeOffset? RebuiltAt { get; init; }
}

/// <summary>The verification of a base against what it was when it was published.</summary>
public sealed record BaseScrub
{
    /// <summary>Whether it waits for its turn or runs.</summary>
    public bool IsDue { get; init; }

    /// <summary>Bytes read by the one that runs, or by the last one.</summary>
    public long ReadBytes { get; init; }

    /// <summary>When one ended last with a finding; null: none has.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>What was found wrong then; null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>Why the last one ended without a finding; null: it did not.</summary>
    public LaunchError? Error { get; init; }
}
