using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Machines in the simulated cluster.</summary>
internal sealed partial class SimulatedCluster
{
    private const int Captures = 3;

    /// <summary>How many captures came to their registration.</summary>
    public Action? OnCapture { get; init; }

    private void StepMachine(SimulatedHost host)
    {
        var id = SomeId();
        if (CapturesOften && _dice.Next(2) == 0)
        {
            StepCapture(id);
            return;
        }

        switch (_dice.Next(8))
        {
            case < 3:
                Take(l => l.Core.Change(id, SomeOfLife(), _now));
                break;
            case < 5:
                _up.AddRange(host.PowerOff(_dice));
                break;
            case < 6:
                // Somebody deletes an image that was captured, or registers one of that name.
                var name = SomeCapture();
                if (_dice.Next(2) == 0)
                    Take(l => l.Core.Unregister(name, _now));
                else
                    Take(l => l.Core.Register(Given.Image(name.Value, 99), _now));
                break;
            default:
                _up.AddRange(host.Work(_dice));
                break;
        }
    }

    private ChangeRequest SomeOfLife() => _dice.Next(9) switch
    {
        0 => new ChangeRequest.Start(),
        1 or 2 => new ChangeRequest.Stop(0),
        3 => new ChangeRequest.Reboot(0),
        4 => new ChangeRequest.Rebuild(
            _dice.Next(3) switch
            {
                0 => Given.Image().Name,
                1 => OtherImage.Name,
                _ => SomeCapture(),
            }),
        5 => new ChangeRequest.Capture(SomeCapture()),
        6 => new ChangeRequest.Attach(
            null, new BlankSpec(_dice.Next(1, 4) * Given.GiB, BlankFileSystem.Ext4)),
        7 => new ChangeRequest.Attach(DiskName.Data(_dice.Next(2)), null),
        _ => new ChangeRequest.Detach(DiskName.Data(_dice.Next(2)), _dice.Next(2) == 0),
    };

    private ImageName SomeCapture() => ImageName.Parse($"captured-{_dice.Next(Captures)}");

    /// <summary>A machine runs on one host at most, and only where its instance was.</summary>
    private void CheckMachines()
    {
        for (var i = 0; i < Instances; i++)
        {
            var id = Given.Id($"vm-{i}");
            var on = Hosts.Where(h => h.IsOn(id)).Select(h => h.Id).ToList();
            Assert.True(on.Count <= 1, $"{id} runs on {string.Join(" and ", on)}");
            Assert.True(on.TrueForAll(_owners.GetValueOrDefault(id, []).Contains));
        }
    }

    /// <summary>What is shown of machines is how they are, and what was captured is there.
    /// </summary>
    private void CheckMachinesSettled()
    {
        foreach (var launch in _leader.Core.State.Launches.Values)
        {
            if (launch.Error is { Code: LaunchErrorCode.Hypervisor }
                && launch.Phase == LaunchPhase.Failed && launch.Timings.ActiveAt is null)
            {
                Assert.Empty(launch.HostsOfGroup());
            }

            if (launch.Phase != LaunchPhase.Active)
                continue;
            var host = Hosts.First(h => h.Id == launch.Host);
            Assert.Equal(
                host.PowerOf(launch.Id), _leader.Core.Find(launch.Id, _now)!.Power?.State);
            if (launch.Change is
                { Phase: ChangePhase.Done, Change: InstanceChange.Capture capture })
            {
                Assert.Contains(capture.Name, _journal.Registered);
            }
        }

        Assert.DoesNotContain(
            _leader.Core.State.Captures.Values,
            id => _leader.Core.State.Launches[id].Phase == LaunchPhase.Active);
    }
}
