using NovaCow.Runtime.Persistence;

namespace NovaCow.Store;

/// <summary>What every engine says when it refuses a write.</summary>
internal static class Refusals
{
    /// <param name="persistenceId">The stream that was to be written.</param>
    /// <param name="wanted">The epoch of the writer.</param>
    /// <param name="epoch">The newest epoch of its lease.</param>
    public static StoreFencedException Fenced(string persistenceId, Fence wanted, long epoch) =>
        new(
            $"stream {persistenceId}: refused a write of epoch {wanted.Epoch}, lease "
            + $"{wanted.LeaseName} is at epoch {epoch}: its writer no longer leads and must stop");

    /// <param name="persistenceId">The stream that was to be written.</param>
    /// <param name="first">The number of the event that was to be the next.</param>
    /// <param name="highest">The stream's highest number.</param>
    public static StoreConflictException Conflict(
        string persistenceId, long first, long highest) =>
        new(
            $"stream {persistenceId}: event {first} cannot be written, the stream is at {highest}: "
            + "somebody else writes it; stop one of them, the other recovers at its next start");

    /// <param name="store">The store's name.</param>
    public static StoreConflictException NotEmpty(string store) =>
        new($"store {store}: it is not empty; import into a new file or database");
}
