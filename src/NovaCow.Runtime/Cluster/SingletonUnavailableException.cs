namespace NovaCow.Runtime.Cluster;

/// <summary>There is no leader now, and too much waits for one; to be tried again later.</summary>
public sealed class SingletonUnavailableException(string message) : Exception(message);

/// <summary>The singleton can be told. Published on the event stream by its proxy.</summary>
/// <param name="Lease">Which singleton.</param>
/// <param name="Singleton">Good until <see cref="SingletonUnreachable"/>; a new leader is
/// another.</param>
public sealed record SingletonReachable(string Lease, Actors.IActorRef Singleton);

/// <summary>The singleton that was reachable is not any more.</summary>
public sealed record SingletonUnreachable(string Lease);
