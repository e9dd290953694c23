using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>Moves of instances: this host lends the disks of those that leave, and takes those that
/// come over by an attempt like any other.</summary>
public sealed partial class HostActor
{
    private void MoveHandlers()
    {
        Receive<HostProtocol.Offer>(OnOffer);
        Receive<HostProtocol.Withdraw>(withdraw =>
        {
            if (_admission.Newest(withdraw.Id)?.Attempt == withdraw.Fence.Attempt
                && Admit(withdraw.Id, withdraw.Fence) == Admission.SameAttempt)
            {
                _host.Transfers?.Withdraw(withdraw.Id, withdraw.Number);
            }
        });
        Receive<HostProtocol.Receive>(
            m => OnAttempt(new Attempt(m.Id, m.Fence, m.Spec) { Order = m.Order }));
    }

    private void OnOffer(HostProtocol.Offer offer)
    {
        // An instance that is not here was found missing when this host said hello.
        if (_admission.Newest(offer.Id)?.Attempt != offer.Fence.Attempt
            || Admit(offer.Id, offer.Fence) != Admission.SameAttempt
            || !_instances.TryGetValue(offer.Id, out var entry)
            || entry.State is not (InstanceState.Prepared or InstanceState.Active))
        {
            _log.Warning(
                "instance {0}: is not lent by fence {1}: its disks are not here",
                offer.Id, offer.Fence);
            return;
        }

        var error = entry.Power?.Status.IsOn == true
            ? new LaunchError(
                LaunchErrorCode.InvalidRequest,
                $"instance {offer.Id}: its machine runs; stop it first: novacow instance stop "
                    + $"{offer.Id}",
                IsRetryable: true)
            : _host.Transfers is { } desk
            ? desk.WhyNot(offer.Id, entry.Disks)
            : new LaunchError(
                LaunchErrorCode.InvalidRequest,
                $"instance {offer.Id}: host {_host.Id} lends no disks",
                IsRetryable: false);
        Say(error is null
            ? new SchedulerProtocol.Offered(
                _host.Id, offer.Id, offer.Fence, offer.Number,
                _host.Transfers!.Offer(offer.Id, offer.Number, entry.Disks))
            : new SchedulerProtocol.OfferRefused(
                _host.Id, offer.Id, offer.Fence, offer.Number, error));
    }
}
