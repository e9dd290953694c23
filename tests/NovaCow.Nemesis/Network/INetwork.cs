using System.Net;

namespace NovaCow.Nemesis.Network;

/// <summary>
/// What lies between the nodes of a fleet, and can be cut between any two of them. The program's
/// own clients are not behind it.
/// </summary>
internal interface INetwork : IAsyncDisposable
{
    /// <summary>Where a node's API listens, and the program's clients reach it.</summary>
    Uri ListenOf(string node);

    /// <summary>Where other nodes reach it.</summary>
    Uri AddressOf(string node);

    /// <summary>The address of this program, on which nodes reach what it serves itself.</summary>
    IPAddress Here { get; }

    /// <summary>Where nodes reach a server on loopback, and can be cut off from it.</summary>
    IPEndPoint Expose(string name, int port);

    /// <summary>What a node's command line begins with.</summary>
    IReadOnlyList<string> RunUnder(string node);

    /// <summary>A node's process was started.</summary>
    void Started(string node, int processId);

    /// <summary>The node, and its process, that connected from there to a port here; null: none of
    /// them.</summary>
    (string Node, int ProcessId)? WhoIs(IPEndPoint remote, int port);

    /// <summary>Cuts these paths and heals all others.</summary>
    Task SetAsync(IReadOnlyCollection<PathCut> cuts);
}

/// <summary>A path on which nothing passes.</summary>
/// <param name="From">Who sends.</param>
/// <param name="To">Who does not receive.</param>
/// <param name="IsRefused">Whether connections between them are reset instead.</param>
internal readonly record struct PathCut(string From, string To, bool IsRefused);
