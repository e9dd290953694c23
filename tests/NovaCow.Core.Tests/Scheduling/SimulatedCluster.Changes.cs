using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Changes of disks in the simulated cluster.</summary>
internal sealed partial class SimulatedCluster
{
    private static readonly Image OtherImage = Given.Image("other", 2);

    private void StepChange(SimulatedHost host)
    {
        var id = SomeId();
        switch (_dice.Next(10))
        {
            case < 4:
                Take(l => l.Core.Change(id, Some(), _now));
                break;
            case < 5:
                Take(l => l.Core.CancelChange(id, _now));
                break;
            default:
                _up.AddRange(host.Work(_dice));
                break;
        }

        ChangeRequest Some() => _dice.Next(4) switch
        {
            0 => new ChangeRequest.Resize(_dice.Next(1, 6) * Given.GiB),
            1 => new ChangeRequest.Flatten(),
            2 => new ChangeRequest.Rebase(_dice.Next(3) switch
            {
                0 => null,
                1 => OtherImage.Name,
                _ => SomeCapture(),
            }),
            _ => new ChangeRequest.Migrate(null),
        };
    }

    /// <summary>What the scheduler says of the disks is what they are, and none of it is open.
    /// </summary>
    private void CheckChangesSettled()
    {
        foreach (var launch in _leader.Core.State.Launches.Values)
        {
            // A host that lost an instance may come back with it, and then the change goes on.
            if (launch.Phase != LaunchPhase.Active)
                continue;
            Assert.False(launch.IsChanging(), $"{launch.Id}: {launch.Change} never ended");
            var host = Hosts.First(h => h.Id == launch.Host);
            var disks = host.DisksOf(launch.Id);
            Assert.Equal(disks[0].VirtualSizeBytes, launch.RootBytes());
            Assert.Equal(
                disks.Sum(d => d.VirtualSizeBytes)
                    - DiskPlan.RootBytes(launch.Spec.Image, launch.Spec.Flavor),
                launch.GrownBytes);
            if (launch.Change is null)
                continue;
            Assert.Equal(disks, launch.Disks);
            var devices = disks.Where(d => !d.IsDetached).Select(d => d.Device).ToList();
            Assert.Equal(devices.Distinct(), devices);
            if (launch.Change is { Phase: ChangePhase.Done, Change: InstanceChange.Rebuild anew })
            {
                Assert.Equal(anew.Image.BaseKey(), disks[0].BackingFile);
                Assert.Equal(anew.Image, launch.RootImage());
            }
            var finished = host.ChangesOf(launch.Id);
            Assert.Equal(finished.Order().Distinct(), finished);
            if (launch.Change.Phase == ChangePhase.Done)
                Assert.Equal(launch.Change.Number, finished[^1]);
        }
    }
}
