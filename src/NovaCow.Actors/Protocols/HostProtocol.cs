using System.Text.Json.Serialization;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Everything that the scheduler says to a HostActor.</summary>
public interface IHostMessage;

/// <summary>
/// What SchedulerActor says to HostActor. Every command is idempotent and carries a fence: the
/// leader's epoch and the attempt it is about. The host refuses what is older than it has seen.
/// </summary>
public static partial class HostProtocol
{
    /// <summary>The host actor's name, under the node's guardian.</summary>
    public const string Name = "host";

    /// <summary>The answer to a hello.</summary>
    /// <param name="Epoch">The leader's epoch: commands of older ones are refused from now
    /// on.</param>
    /// <param name="Verdicts">On every instance that the hello named.</param>
    public sealed record Welcome(long Epoch, IReadOnlyList<InstanceVerdict> Verdicts)
        : IHostMessage
    {
        /// <summary>The cluster's identity: instances of another cluster are none of its business.
        /// </summary>
        public string? Cluster { get; init; }

        /// <summary>What of its bases the host is to keep; a scheduler that says nothing keeps
        /// nothing.</summary>
        public KeptBases? Kept { get; init; }
    }

    /// <summary>Make the instance's disks; answered by <see cref="SchedulerProtocol.Prepared"/> or
    /// <see cref="SchedulerProtocol.LaunchFailed"/>.</summary>
    public sealed record Prepare(InstanceId Id, LaunchFence Fence, LaunchSpec Spec) : IHostMessage;

    /// <summary>The prepared instance is this host's: start it; answered by
    /// <see cref="SchedulerProtocol.Activated"/>.</summary>
    public sealed record Commit(InstanceId Id, LaunchFence Fence) : IHostMessage
    {
        /// <summary>Whether it was active before: then nothing starts it but a person, or what its
        /// record says, and nothing undoes it.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public bool WasActive { get; init; }
    }

    /// <summary>Remove the instance, whatever its state; answered by
    /// <see cref="SchedulerProtocol.Deleted"/>.</summary>
    public sealed record Discard(InstanceId Id, LaunchFence Fence) : IHostMessage;

    /// <summary>Look at a folder of another system's instances; the sender is answered by
    /// <see cref="SchedulerProtocol.FolderScanned"/> or <see cref="ScanFailed"/>.</summary>
    public sealed record ScanFolder(string Folder, bool WithDigests) : IHostMessage;

    /// <summary>The folder could not be looked at.</summary>
    public sealed record ScanFailed(LaunchError Error) : IHostMessage;

    /// <summary>Say hello again: the scheduler does not know this host's connection.</summary>
    public sealed record SayHello : IHostMessage;
}
