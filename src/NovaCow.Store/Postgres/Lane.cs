namespace NovaCow.Store.Postgres;

/// <summary>What connections are for, and so how long they may hold others up.</summary>
/// <param name="Name">What the server shows as their application.</param>
/// <param name="Connections">How many there are at most; more callers wait without a thread.
/// </param>
internal sealed record Lane(string Name, int Connections)
{
    public static readonly Lane Journal = new("novacow journal", 1);

    public static readonly Lane Leases = new("novacow lease", 2) { LockSeconds = 3 };

    public static readonly Lane Others = new("novacow other", 6);

    /// <summary>A tool may wait for its other end, a file or a pipe.</summary>
    public static readonly Lane Operator =
        new("novacow operator", 1) { IdleInTransactionSeconds = 600 };

    /// <summary>How long to wait for a lock.</summary>
    public int LockSeconds { get; private init; } = 5;

    /// <summary>
    /// How long a transaction may stand still. That of a process that was paused holds its locks,
    /// and nobody can take the lease from it: less than a lease's usual time, so that a paused
    /// leader costs no more.
    /// </summary>
    public int IdleInTransactionSeconds { get; private init; } = 2;
}
