namespace NovaCow.Core.Scheduling;

/// <summary>What launches hold of one host; part of <see cref="SchedulerState"/>, which tells it of
/// every launch that comes and goes.</summary>
internal sealed class Holding
{
    public Claims Claims { get; private set; }

    public HashSet<InstanceId> All { get; } = [];

    public HashSet<InstanceId> Open { get; } = [];

    public int Queue { get; private set; }

    public Dictionary<BaseKey, Expected> Expected { get; } = [];

    public Dictionary<GroupName, int> Groups { get; } = [];

    public void Add(Launch launch, HostId host) => Change(launch, host, 1);

    public void Remove(Launch launch, HostId host) => Change(launch, host, -1);

    public void CountGroup(GroupName group, int change)
    {
        var launches = Groups.GetValueOrDefault(group) + change;
        if (launches == 0)
            Groups.Remove(group);
        else
            Groups[group] = launches;
    }

    private void Change(Launch launch, HostId host, int sign)
    {
        var claim = PlacementPolicy.ClaimOf(launch);
        Claims = new Claims(
            Claims.Launches + sign,
            Claims.VCpus + (sign * claim.VCpus),
            Claims.MemoryBytes + (sign * claim.MemoryBytes),
            Claims.DiskBytes + (sign * claim.DiskBytes));
        Set(All, launch.Id, sign > 0);
        Set(Open, launch.Id, sign > 0 && launch.IsOpenOn(host));
        if (launch.Phase != LaunchPhase.Placed)
            return;
        Queue += sign;
        Expect(launch.Spec.Image, sign);
    }

    private void Expect(Image image, int change)
    {
        var key = image.BaseKey();
        var launches = Expected.GetValueOrDefault(key).Launches + change;
        if (launches == 0)
            Expected.Remove(key);
        else
            Expected[key] = new Expected(image, launches);
    }

    private static void Set(HashSet<InstanceId> set, InstanceId id, bool isIn)
    {
        if (isIn)
            set.Add(id);
        else
            set.Remove(id);
    }
}
