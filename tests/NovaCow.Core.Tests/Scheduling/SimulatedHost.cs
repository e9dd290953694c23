using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>A host as the scheduler's protocol asks it to be, without disks: what it made is
/// durable at once, and a crash forgets the rest.</summary>
internal sealed partial class SimulatedHost(string name, params string[] drivers)
{
    private HostAdmission _admission = new();
    private int _life;

    public HostId Id { get; } = Given.Host(name);

    /// <summary>Its volume drivers.</summary>
    public IReadOnlyList<string> Drivers { get; } =
        drivers.Length > 0 ? drivers : [DriverName.Qcow2];

    public Dictionary<InstanceId, (int Attempt, bool Active)> Has { get; } = [];

    /// <summary>How often an instance was made active here: each attempt at most once a life.
    /// </summary>
    public HashSet<InstanceId> EverActive { get; } = [];

    public HostFacts Facts() => Given.Facts(name, [.. Has.Select(i => new HostedInstance(
        i.Key,
        _admission.Newest(i.Key)!.Value,
        i.Value.Active ? InstanceState.Active : InstanceState.Prepared)
    {
        Power = ReportOf(i.Key),
    })]) with
    {
        Incarnation = $"{name}-{_life}",
        Drivers = Drivers,
        Address = name,
        SharedStore = new SharedStore("shared", name),
        Hypervisor = Hypervisor,
    };

    /// <summary>The process is killed and starts again.</summary>
    public void Crash()
    {
        _life++;
        _lent.Clear();
        var old = _admission;
        _admission = new HostAdmission();
        foreach (var id in Has.Keys.ToList())
        {
            _admission.Found(id, old.Newest(id)!.Value);
            Has[id] = (Has[id].Attempt, false);
            _disks[id].Running = null;
        }
    }

    /// <summary>Carries one command out; the answer is a message to the scheduler.</summary>
    public IEnumerable<Said> Receive(SchedulerEffect command, bool fails)
    {
        if (FenceOf(command) is not var (id, fence))
            return Obey(command, fails).ToList();
        var (epoch, attempt) = (_admission.Epoch, _admission.Newest(id)?.Attempt ?? 0);
        var before = Has.TryGetValue(id, out var had) ? had : default;
        var answers = Obey(command, fails).ToList();
        var after = Has.TryGetValue(id, out var has) ? has : default;
        if (before != after)
        {
            Assert.True(
                fence.Epoch >= epoch && fence.Attempt >= attempt,
                $"host {Id} obeyed {command}: it knew epoch {epoch} and attempt {attempt}");
        }

        return answers;
    }

    private static (InstanceId, LaunchFence)? FenceOf(SchedulerEffect command) => command switch
    {
        SchedulerEffect.Prepare c => (c.Id, c.Fence),
        SchedulerEffect.Commit c => (c.Id, c.Fence),
        SchedulerEffect.Discard c => (c.Id, c.Fence),
        _ => null,
    };

    private IEnumerable<Said> Obey(SchedulerEffect command, bool fails)
    {
        switch (command)
        {
            case SchedulerEffect.Prepare c:
                return Make(c.Id, c.Fence, fails, () => new SimulatedDisks());
            case SchedulerEffect.Offer c:
                return Offer(c, fails);
            case SchedulerEffect.Withdraw c:
                return Withdraw(c);
            case SchedulerEffect.Receive c:
                return Receive(c, fails);
            case SchedulerEffect.Commit c:
                return Commit(c.Id, c.Fence, fails);
            case SchedulerEffect.Discard c:
                return Discard(c.Id, c.Fence);
            case SchedulerEffect.Change c:
                return Change(c);
            case SchedulerEffect.CancelChange c:
                return CancelChange(c);
            case SchedulerEffect.Welcome c:
                return c.Verdicts.SelectMany(v => v.Verdict switch
                {
                    Verdict.Commit => Commit(v.Id, v.Fence, fails),
                    Verdict.Discard => Discard(v.Id, v.Fence),
                    _ => [],
                }).Append(Holds()).ToList();
            case SchedulerEffect.DropCaptures c:
                return Drop(c);
            case SchedulerEffect.SayHello:
                return [new Said.Hello(Facts())];
            default:
                return [];
        }
    }

    private IEnumerable<Said> Make(
        InstanceId id, LaunchFence fence, bool fails, Func<SimulatedDisks> make)
    {
        switch (_admission.Admit(id, fence))
        {
            case Admission.SameAttempt when Has.TryGetValue(id, out var has):
                return has.Active
                    ? [new Said.Active(Id, id, fence)]
                    : [new Said.Ready(Id, id, fence, DisksOf(id))];
            case Admission.EndedAttempt:
                return [new Said.Failed(Id, id, fence)];
            case Admission.NewAttempt or Admission.SameAttempt when fails:
                Has.Remove(id);
                _admission.End(id, Given.Error(true));
                return [new Said.Failed(Id, id, fence)];
            case Admission.NewAttempt or Admission.SameAttempt:
                Has[id] = (fence.Attempt, false);
                _disks[id] = make();
                return [new Said.Ready(Id, id, fence, DisksOf(id))];
            default:
                return [];
        }
    }

    private IEnumerable<Said> Commit(InstanceId id, LaunchFence fence, bool fails)
    {
        var admission = _admission.Admit(id, fence);
        if (!Has.ContainsKey(id))
        {
            _admission.End(id, Given.Error(false));
            var why = admission == Admission.EndedAttempt ? _admission.WhyEnded(id) : null;
            return [new Said.Failed(Id, id, fence, Retryable: false) { Why = why }];
        }

        if (admission != Admission.SameAttempt)
            return [];
        if (fails && Hypervisor.RunsMachines && _disks[id].MayStart)
            return [UndoCommitted(id, fence)];
        if (!Has[id].Active)
            _disks[id].Writes++;
        Has[id] = (fence.Attempt, true);
        EverActive.Add(id);
        return [.. StartCommitted(id), new Said.Active(Id, id, fence)];
    }

    private IEnumerable<Said> Discard(InstanceId id, LaunchFence fence)
    {
        if (_admission.Admit(id, fence) is Admission.StaleAttempt or Admission.StaleEpoch)
            return [];
        Has.Remove(id);
        _machines.Remove(id);
        _lent.Remove(id);
        _admission.End(id, null);
        return [new Said.Removed(Id, id, fence)];
    }
}

/// <summary>What a simulated host says.</summary>
internal abstract partial record Said
{
    public sealed record Hello(HostFacts Facts) : Said;

    public sealed record Ready(
        HostId Host, InstanceId Id, LaunchFence Fence, IReadOnlyList<InstanceDisk> Disks) : Said;

    public sealed record Failed(
        HostId Host, InstanceId Id, LaunchFence Fence, bool Retryable = true) : Said
    {
        public LaunchError? Why { get; init; }
    }

    public sealed record Active(HostId Host, InstanceId Id, LaunchFence Fence) : Said;

    public sealed record Removed(HostId Host, InstanceId Id, LaunchFence Fence) : Said;
}
