using NovaCow.Client;
using NovaCow.Core.Scheduling;
using Happened = NovaCow.Core.Scheduling.ClusterEvent;

namespace NovaCow.Node.Api;

/// <summary>Moves of instances as the API shows them: an operation like those on disks.</summary>
internal static partial class Mapping
{
    /// <summary>The newest of what was done to an instance's disks and of its moves.</summary>
    private static OperationResource? NewestOperation(InstanceInfo instance) =>
        instance.Move is { } move && !(instance.Change?.StartedAt > move.StartedAt)
            ? ToResource(move, instance.Progress)
        : instance.Change is { } change ? ToResource(change, instance.ChangeProgress)
        : null;

    private static OperationResource ToResource(LaunchMove move, LaunchProgress? progress) => new()
    {
        Kind = "move",
        State = Lower(move.Phase),
        Detail = move.IsEvacuation
            ? $"evacuation from host {move.From.Host}, which is dead, to host {move.To.Host}"
            : $"move from host {move.From.Host} to host {move.To.Host}",
        DoneBytes = move.IsOpen() ? progress?.DoneBytes : null,
        TotalBytes = move.IsOpen() ? progress?.TotalBytes : null,
        Error = move.Error?.Message,
        ErrorCode = move.Error?.Code.ToString(),
        StartedAt = move.StartedAt,
        EndedAt = move.EndedAt,
    };

    private static Client.ClusterEvent Move(Happened.InstanceMoved e) => Event(
        e, $"operation.{Lower(e.Phase)}", e.Id.Value, null,
        $"{e.Id} move {Lower(e.Phase)}" + (e.Message is null ? "" : $": {e.Message}"));
}
