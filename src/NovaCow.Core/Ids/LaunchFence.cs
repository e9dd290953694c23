namespace NovaCow.Core;

/// <summary>
/// Orders what schedulers ask of a host: the leader's epoch, then the attempt within one launch.
/// A host never acts on a fence older than the newest it has seen for that instance.
/// </summary>
/// <param name="Epoch">The leadership epoch under which the command was sent, from 1.</param>
/// <param name="Attempt">The placement attempt of this launch, from 1.</param>
public readonly record struct LaunchFence(long Epoch, int Attempt) : IComparable<LaunchFence>
{
    /// <inheritdoc/>
    public int CompareTo(LaunchFence other)
    {
        var byEpoch = Epoch.CompareTo(other.Epoch);
        return byEpoch != 0 ? byEpoch : Attempt.CompareTo(other.Attempt);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Epoch}.{Attempt}";
}
