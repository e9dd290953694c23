using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Simulation;

/// <summary>How its bases come and go.</summary>
internal sealed partial class ModelHost
{
    /// <summary>A base that will be made; null: there is no room for it.</summary>
    private ModelBase? Make(Image image)
    {
        var wanted = new ModelBase(image, Now);
        if (!MakeRoom(wanted.AllocatedBytes))
            return null;
        _bases.Add(wanted.Key, wanted);
        _toMake.Enqueue(wanted);
        Say(wanted, 0);
        MakeNext();
        return wanted;
    }

    private bool MakeRoom(long bytes)
    {
        var missing = bytes - cluster.Settings.BaseStoreBytes
            + _bases.Values.Sum(b => b.AllocatedBytes);
        if (missing <= 0)
            return true;
        var plan = EvictionPolicy.Choose(
            _bases.Values.Select(b => b.Candidate(cluster.Epoch)), missing,
            cluster.Settings.Eviction, cluster.Epoch + Now);
        foreach (var key in plan.Victims)
        {
            _bases.Remove(key, out var victim);
            cluster.BaseChanged(Id, victim!.Report(0) with { State = BaseState.Absent });
        }

        return plan.Victims.Count > 0;
    }

    private void MakeNext()
    {
        while (_making < cluster.Settings.MaxBuilds && _toMake.TryDequeue(out var next))
        {
            _making++;
            Fetch(next);
        }
    }

    private void Fetch(ModelBase made)
    {
        (made.Step, made.Since) = (BaseStep.Fetching, Now);
        _meter.BeginFetch();
        made.Transfer = cluster.LinkOf(made.Image)
            .Begin(made.Image.SizeBytes, FetchBound, () => Fetched(made));
        Say(made, 0);
        InThisLife(s_progressSeconds, () => Progress(made));
    }

    private void BreakOff(ModelBase made, SharedLink.Transfer transfer)
    {
        var link = cluster.LinkOf(made.Image);
        BytesFetched += link.Received(transfer);
        link.Cancel(transfer);
    }

    private void Fetched(ModelBase made)
    {
        var image = made.Image;
        made.Transfer = null;
        BytesFetched += image.SizeBytes;
        _meter.EndFetch(image.SourceKey(), image.SizeBytes, Now - made.Since);
        (made.Step, made.Since) = (BaseStep.Building, Now);
        Say(made, 0);
        InThisLife(image.VirtualSizeBytes / BuildRate(), () => Built(made));
    }

    private void Built(ModelBase made)
    {
        _meter.Built(made.Image.VirtualSizeBytes, Now - made.Since);
        (made.IsReady, made.MadeIn, made.LastUsedAt) = (true, Now - made.AskedAt, Now);
        Say(made, 0);
        ReportSoon();
        List<ModelInstance> waiters = [.. made.Waiters];
        made.Waiters.Clear();
        foreach (var instance in waiters)
            Clone(instance);
        _making--;
        MakeNext();
    }

    private void Progress(ModelBase made)
    {
        if (made.IsReady)
            return;
        Say(made, made.Transfer is { } transfer
            ? cluster.LinkOf(made.Image).Received(transfer)
            : (long)((Now - made.Since).TotalSeconds * BuildRate()));
        InThisLife(s_progressSeconds, () => Progress(made));
    }

    private double BuildRate() => traits.Build * cluster.Settings.BuildBytesPerSecond;

    private void Say(ModelBase about, long doneBytes) =>
        cluster.BaseChanged(Id, about.Report(doneBytes));
}
