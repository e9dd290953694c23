using NovaCow.Client;
using NovaCow.Core.Scheduling;
using Happened = NovaCow.Core.Scheduling.ClusterEvent;

namespace NovaCow.Node.Api;

/// <summary>Operations on instances' disks as the API shows them.</summary>
internal static partial class Mapping
{
    private static OperationResource ToResource(LaunchChange change, ChangeProgress? progress) =>
        new()
        {
            Kind = Lower(change.Change.Kind),
            State = Lower(change.Phase),
            Detail = change.Change.Title(),
            DoneBytes = progress?.DoneBytes,
            TotalBytes = progress?.TotalBytes,
            Error = change.Error?.Message,
            ErrorCode = change.Error?.Code.ToString(),
            StartedAt = change.StartedAt,
            EndedAt = change.EndedAt,
            BytesBefore = change.Bytes?.Before,
            BytesAfter = change.Bytes?.After,
        };

    private static Client.ClusterEvent Operation(Happened.DisksChanged e)
    {
        if (e is { Phase: ChangePhase.Running, Message: { } title })
            return Event(e, "operation.running", e.Id.Value, null, $"{e.Id} {title}");
        var what = $"{e.Id} {Lower(e.Kind)}";
        return e.Progress is { } progress
            ? Event(e, "operation.progress", e.Id.Value, null, what) with
            {
                DoneBytes = progress.DoneBytes,
                TotalBytes = progress.TotalBytes,
            }
            : Event(
                e, $"operation.{Lower(e.Phase)}", e.Id.Value, null,
                $"{what} {Lower(e.Phase)}" + (e.Message is null ? "" : $": {e.Message}"));
    }
}
