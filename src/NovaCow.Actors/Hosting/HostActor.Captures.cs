using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Hosting;

/// <summary>The images that were made of this host's disks: the scheduler is told which are here,
/// and has those removed that nobody refers to.</summary>
public sealed partial class HostActor
{
    private IReadOnlyList<HeldCapture> _captures = [];

    // A scheduler that was told nothing takes it that there are none.
    private IReadOnlyList<HeldCapture> _toldCaptures = [];
    private long _captureNumber;
    private bool _isListing;
    private bool _isListingDue;

    private void CaptureHandlers()
    {
        Receive<InstanceProtocol.CaptureEnded>(_ => ListCaptures());
        Receive<HostProtocol.DropCaptures>(OnDropCaptures);
        Receive<CapturesListed>(OnCapturesListed);
        Receive<CapturesRemoved>(OnCapturesRemoved);
    }

    // In another life of this host it is another, too.
    private void StartCaptures()
    {
        _captureNumber = _time.GetUtcNow().ToUnixTimeMilliseconds();
        ListCaptures();
    }

    private void CapturesWelcomed()
    {
        _toldCaptures = [];
        TellNewCaptures();
    }

    // One look at a time: what is told last is what was seen last.
    private void ListCaptures()
    {
        if (_host.Captures is not { } captures)
            return;
        if (_isListing)
        {
            _isListingDue = true;
            return;
        }

        _isListing = true;
        _ = captures.ListCapturesAsync(_stopping.Token).PipeTo(
            Self,
            success: held => new CapturesListed(held, null),
            failure: cause => new CapturesListed(null, Failures.ToError(
                cause, $"host {_host.Id}: its captured images")));
    }

    private void OnCapturesListed(CapturesListed listed)
    {
        _isListing = false;
        if (listed.Held is { } held)
        {
            _captures = held;
            TellNewCaptures();
        }
        else if (!_stopping.IsCancellationRequested)
        {
            _log.Warning(
                "host {0}: captured images not listed: {1}", _host.Id, listed.Error!.Message);
        }

        if (_isListingDue)
        {
            _isListingDue = false;
            ListCaptures();
        }
    }

    // What another cluster had made, which may have lost its journal, is none of this one's
    // business.
    private List<HeldCapture> OwnCaptures() =>
        [.. _captures.Where(c => c.Cluster is null || _cluster is null || c.Cluster == _cluster)];

    private void TellNewCaptures()
    {
        if (!OwnCaptures().SequenceEqual(_toldCaptures))
            TellCaptures();
    }

    // Which cluster it is, only a welcome says.
    private void TellCaptures()
    {
        if (_scheduler is null || _kept is null)
            return;
        _toldCaptures = OwnCaptures();
        Say(new SchedulerProtocol.CapturesHeld(
            _host.Id, new HeldCaptures(_captureNumber, _toldCaptures)));
    }

    private void OnDropCaptures(HostProtocol.DropCaptures drop)
    {
        if (_host.Captures is not { } captures || !_admission.Welcome(drop.Epoch))
            return;
        var dropped = drop.Digests.ToHashSet();
        List<HeldCapture> going = [.. OwnCaptures().Where(c => dropped.Contains(c.Digest))];
        if (drop.Number != _captureNumber || going.Count == 0)
        {
            TellCaptures();
            return;
        }

        // Asked for in this turn, so that it comes before captures that later ones begin.
        _ = captures.RemoveAsync([.. going.Select(c => c.Digest)], _stopping.Token).PipeTo(
            Self,
            success: () => new CapturesRemoved(going, null),
            failure: cause => new CapturesRemoved(going, Failures.ToError(
                cause, $"host {_host.Id}: captured images that nobody needs")));
    }

    private void OnCapturesRemoved(CapturesRemoved removed)
    {
        if (removed.Error is null)
        {
            foreach (var gone in removed.Images)
            {
                _log.Info(
                    "captured image {0}: removed, {1} bytes: no image of the catalogue and no "
                        + "instance needs it any more",
                    gone.Digest, gone.SizeBytes);
            }
        }
        else if (!_stopping.IsCancellationRequested)
        {
            _log.Warning(
                "captured images that nobody needs stay until the scheduler asks again: {0}",
                removed.Error.Message);
        }

        ListCaptures();
    }

    private HostUsage WithCaptures(HostUsage usage) => usage with
    {
        Captures = _captures.Count,
        CaptureBytes = _captures.Sum(c => c.SizeBytes),
    };

    private sealed record CapturesListed(IReadOnlyList<HeldCapture>? Held, LaunchError? Error);

    private sealed record CapturesRemoved(IReadOnlyList<HeldCapture> Images, LaunchError? Error);
}
