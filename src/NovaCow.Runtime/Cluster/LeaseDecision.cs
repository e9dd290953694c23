using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Cluster;

/// <summary>
/// Decides who runs the singleton: state, input and time in, state and actions out. Pure.
/// </summary>
/// <remarks>
/// An answer to a request that was sent at t lets this node lead until t + time-to-live, less a
/// margin, whatever the store's clock shows: the store counted from a moment not before t.
/// Past that, the node stops its singleton first and asks afterwards. What a paused process still
/// writes is refused by the store, because its epoch is old.
/// </remarks>
internal static class LeaseDecision
{
    public static (LeaseState State, IReadOnlyList<LeaseAction> Actions) Decide(
        LeaseState state, LeaseInput input, TimeSpan now, LeaseTimings timings)
    {
        if (state.Phase == LeasePhase.Stopped)
            return (state, []);
        var step = new Step(state, now, timings);
        step.StopIfUnsafe();
        step.AbandonStalledAsk();
        step.Take(input);
        step.AskWhatIsDue();
        return (step.State, step.Actions);
    }

    private sealed class Step(LeaseState state, TimeSpan now, LeaseTimings timings)
    {
        public LeaseState State { get; private set; } = state;

        public List<LeaseAction> Actions { get; } = [];

        public void StopIfUnsafe()
        {
            if (State.Phase == LeasePhase.Leading && now >= State.SafeUntil)
                StepDown("the lease could not be renewed in time");
        }

        public void AbandonStalledAsk()
        {
            if (State.Pending is { } ask && now >= ask.At + timings.AskTimeout)
                Failed(ask);
        }

        public void Take(LeaseInput input)
        {
            switch (input)
            {
                case LeaseInput.Answered(var number, var lease):
                    if (State.Pending is { } answered && answered.Number == number)
                        Answered(answered, lease);
                    break;
                case LeaseInput.AskFailed(var number):
                    if (State.Pending is { } failed && failed.Number == number)
                        Failed(failed);
                    break;
                case LeaseInput.ChildEnded:
                    ChildEnded();
                    break;
                case LeaseInput.StopRequested:
                    State = State with { StopRequested = true };
                    if (State.Phase == LeasePhase.Leading)
                        StepDown("this node gives up leadership");
                    break;
            }
        }

        public void AskWhatIsDue()
        {
            if (State.Pending is { } pending)
            {
                if (State is { Phase: LeasePhase.Standby, StopRequested: true }
                    && pending.Kind == AskKind.Read)
                {
                    Stop();
                }
            }
            else if (State.Phase == LeasePhase.Standby)
            {
                if (State.MustRelease)
                    Ask(AskKind.Release);
                else if (State.StopRequested)
                    Stop();
                else if (now >= State.NextAskAt)
                    Ask(AskKind.Read);
            }
            else if (now >= State.NextAskAt && !State.MustRelease)
            {
                // Also while the singleton is stopping: nobody else may start until it has ended.
                Ask(AskKind.Acquire);
            }
        }

        private void Answered(PendingAsk ask, Lease? lease)
        {
            State = State with { Pending = null };
            if (ask.Kind == AskKind.Release)
                EndTerm();
            else if (State.Phase == LeasePhase.Standby)
                AnsweredInStandby(ask, lease);
            else
                AnsweredToHolder(ask, lease);
        }

        private void AnsweredInStandby(PendingAsk ask, Lease? lease)
        {
            // A renewal that outlived the singleton must not start another with its epoch.
            if (State.MustRelease)
                return;
            var mine = lease?.IsHeldBy(State.Holder) == true;
            if (State.StopRequested)
            {
                State = State with { MustRelease = mine };
                return;
            }
            var safeUntil = SafeUntil(ask);
            if (mine && ask.Kind == AskKind.Acquire && safeUntil > now)
            {
                Lead(lease!, ask, safeUntil);
                return;
            }
            var free = lease is null || lease.Remaining <= TimeSpan.Zero;
            AnnounceLeader(lease, !free && !mine);
            if (free || mine)
            {
                // A lease that is this node's own came from a request that had been given up.
                if (now >= State.CoolUntil && ask.Kind == AskKind.Read)
                    Ask(AskKind.Acquire);
                else
                    State = State with { NextAskAt = now + timings.RetryInterval };
                return;
            }
            var expiry = lease!.Remaining + timings.RetryInterval / 10;
            var wait = expiry < timings.PollInterval ? expiry : timings.PollInterval;
            State = State with { NextAskAt = now + wait };
        }

        private void AnsweredToHolder(PendingAsk ask, Lease? lease)
        {
            State = State with { NextAskAt = ask.At + timings.RenewInterval };
            if (ask.Kind != AskKind.Acquire)
                return;
            if (lease?.IsHeldBy(State.Holder) == true && lease.Epoch == State.Epoch)
            {
                var safeUntil = SafeUntil(ask);
                if (safeUntil > State.SafeUntil)
                    State = State with { SafeUntil = safeUntil };
            }
            else
            {
                if (State.Phase == LeasePhase.Leading)
                    StepDown($"the lease went to {lease?.Address} with epoch {lease?.Epoch}");
                // There is nothing left to keep while the singleton stops.
                State = State with { MustRelease = true };
            }
        }

        private void Failed(PendingAsk ask)
        {
            State = State with { Pending = null, NextAskAt = now + timings.RetryInterval };
            if (ask.Kind == AskKind.Release)
                EndTerm();
            else if (ask.Kind == AskKind.Acquire && State.Phase == LeasePhase.Standby)
                State = State with { MustRelease = State.StopRequested };
        }

        private void Lead(Lease lease, PendingAsk ask, TimeSpan safeUntil)
        {
            State = State with
            {
                Phase = LeasePhase.Leading,
                Epoch = lease.Epoch,
                SafeUntil = safeUntil,
                LedSince = now,
                NextAskAt = ask.At + timings.RenewInterval,
            };
            Actions.Add(new LeaseAction.StartChild(lease.Epoch));
            Announce(new(lease.Epoch, lease.Address, IsSelf: true));
        }

        private void StepDown(string reason)
        {
            State = State with { Phase = LeasePhase.SteppingDown };
            Announce(new(State.Epoch, null, IsSelf: false));
            Actions.Add(new LeaseAction.StopChild(reason));
        }

        private void ChildEnded()
        {
            if (State.Phase == LeasePhase.Leading)
                ChildFailed();
            if (State.Phase == LeasePhase.SteppingDown)
            {
                State = State with
                {
                    Phase = LeasePhase.Standby, MustRelease = true, NextAskAt = now,
                };
            }
        }

        private void ChildFailed()
        {
            var isIsolated = now - State.LedSince >= timings.MaxBackoff;
            var failures = isIsolated ? 1 : State.Failures + 1;
            State = State with
            {
                Phase = LeasePhase.SteppingDown,
                Failures = failures,
                CoolUntil = now + Backoff(failures),
            };
            Announce(new(State.Epoch, null, IsSelf: false));
        }

        private TimeSpan Backoff(int failures)
        {
            var backoff = timings.MinBackoff * Math.Pow(2, Math.Min(failures - 1, 20));
            return backoff < timings.MaxBackoff ? backoff : timings.MaxBackoff;
        }

        private void EndTerm() => State = State with
        {
            Term = State.Term + 1,
            MustRelease = false,
            NextAskAt = now + timings.PollInterval,
        };

        private void AnnounceLeader(Lease? lease, bool isHeld) => Announce(
            isHeld
                ? new(lease!.Epoch, lease.Address, IsSelf: false)
                : new(lease?.Epoch ?? 0, null, IsSelf: false));

        private void Announce(LeaseAction.Announce news)
        {
            if (news == State.Announced)
                return;
            State = State with { Announced = news };
            Actions.Add(news);
        }

        private void Ask(AskKind kind)
        {
            var number = State.LastAsk + 1;
            State = State with { LastAsk = number, Pending = new(number, kind, now) };
            Actions.Add(kind switch
            {
                AskKind.Read => new LeaseAction.Read(number),
                AskKind.Acquire => new LeaseAction.Acquire(number, State.Holder),
                _ => new LeaseAction.Release(number, State.Holder),
            });
        }

        private void Stop()
        {
            State = State with { Phase = LeasePhase.Stopped };
            Actions.Add(new LeaseAction.Stop());
        }

        private TimeSpan SafeUntil(PendingAsk ask) =>
            ask.At + timings.TimeToLive - timings.SafetyMargin;
    }
}
