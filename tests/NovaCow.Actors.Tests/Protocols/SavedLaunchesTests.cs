using System.Buffers;
using System.Text;
using System.Text.Json;
using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Serialization;
using SavedLaunch = NovaCow.Core.Scheduling.SchedulerSnapshot.SavedLaunch;

namespace NovaCow.Actors.Tests.Protocols;

public sealed class SavedLaunchesTests
{
    private const string Manifest = "j.launches";

    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Written by the first version of the format.
    private const string Recorded =
        "AgICYQIOYmVjYXVzZQAEAAh2bS0xAAYCAgIAgIDAz5aypN4RAAEAAAAAAAh2bS0yAAAAAAAAgIDAz5aypN4RAAAA"
        + "AAAA";

    private const string RecordedWhole = """
        {"cluster":"c","images":[],"hosts":[],"deleted":[],"specs":[{"image":{"name":"debian",
        "source":"file:///debian","digest":
        "sha256:0101010101010101010101010101010101010101010101010101010101010101",
        "format":"qcow2","sizeBytes":1,"virtualSizeBytes":1073741824,"minDiskBytes":1073741824},
        "flavor":{"name":"m1.tiny","vCpus":1,"memoryBytes":536870912,"rootDiskBytes":1073741824,
        "ephemeralDisks":[],"swapBytes":0}}],
        "launches":[{"id":"vm-1","spec":0,"phase":"active","host":"a","attempt":1,
        "placedBecause":"because","failedOn":[],"disks":[{"name":"root","backingFile":null,
        "virtualSizeBytes":1,"allocatedBytes":2,"path":"/instances/vm-1/root.qcow2",
        "format":"qcow2"}],"timings":{"acceptedAt":"2026-01-01T00:00:00+00:00",
        "committedAt":"2026-01-01T00:00:00+00:00"},"error":null,"grownBytes":0}]}
        """;

    private static readonly MessageSerializer Serializer =
        WireMessages.Register(new MessageSerializer());

    private static readonly SavedLaunch Usual = new(
        InstanceId.Parse("vm-1"), 7, LaunchPhase.Active, HostId.Parse("a"), 3, "because", [],
        [Disk("/instances/vm-1/root.qcow2")],
        new LaunchTimings
        {
            AcceptedAt = At,
            PlacedAt = At,
            CommittedAt = At.AddTicks(1),
            ActiveAt = At.AddDays(400),
            FailedAt = At.AddSeconds(-1),
            DeletingAt = At.AddTicks(-1),
            Preparation = new Preparation(false, TimeSpan.FromTicks(5), TimeSpan.FromHours(1)),
        },
        null);

    private static readonly LaunchError Error = new(LaunchErrorCode.Timeout, "late", true);

    public static TheoryData<string> Oddities() => [.. Odd.Keys];

    private static Dictionary<string, SavedLaunch> Odd { get; } = new(StringComparer.Ordinal)
    {
        ["failed on a host"] = Usual with { FailedOn = [HostId.Parse("b")] },
        ["an error"] = Usual with { Error = Error },
        ["grown"] = Usual with { GrownBytes = 1 },
        ["deleted"] = Usual with { Timings = Usual.Timings with { DeletedAt = At } },
        ["rebuilt"] = Usual with
        {
            Rebuilt = new InstanceChange.Rebuild(Image("other")) { Kernel = Image("kernel") },
        },
        ["capturing"] = Usual with
        {
            Change = new LaunchChange
            {
                Number = 2,
                Change = new InstanceChange.Capture(ImageName.Parse("mine"), Image("other")),
                Phase = ChangePhase.Running,
                StartedAt = At,
            },
        },
        ["with a further disk"] = Usual with
        {
            Disks =
            [
                .. Usual.Disks,
                Disk("/instances/vm-1/data0.qcow2") with
                {
                    Name = DiskName.Data(0),
                    Device = "/dev/vdb",
                    IsDetached = true,
                },
            ],
        },
        ["a strange path"] = Usual with { Disks = [Disk("/\0/root")] },
        ["changing"] = Usual with
        {
            Change = new LaunchChange
            {
                Number = 1,
                Change = new InstanceChange.Resize(1),
                Phase = ChangePhase.Running,
                StartedAt = At,
            },
        },
    };

    [Fact]
    public void A_usual_launch_comes_back_and_is_small()
    {
        var bytes = Write([.. Enumerable.Repeat(Usual, 1_000)]);
        Assert.InRange(bytes.Length, 1, 50_000);
        var back = Read(bytes);
        Assert.Equal(1_000, back.Count);
        Assert.All(back, l => Assert.Equal(Text(Usual), Text(l)));
    }

    [Theory]
    [MemberData(nameof(Oddities))]
    public void A_launch_with_more_to_it_comes_back_among_usual_ones(string what)
    {
        SavedLaunch[] launches = [Usual, Odd[what], Usual with { Host = null, Disks = [] }];
        Assert.Equal(launches.Select(Text), Read(Write(launches)).Select(Text));
    }

    [Fact]
    public void What_the_first_version_wrote_is_still_read()
    {
        var accepted = new LaunchTimings { AcceptedAt = At };
        Assert.Equal(
            [
                new SavedLaunch(
                    InstanceId.Parse("vm-1"), 0, LaunchPhase.Active, HostId.Parse("a"), 1,
                    "because", [], [], accepted with { CommittedAt = At.AddTicks(-1) }, null),
                new SavedLaunch(
                    InstanceId.Parse("vm-2"), 0, LaunchPhase.Accepted, null, 0, null, [], [],
                    accepted, null),
            ],
            Read(Convert.FromBase64String(Recorded)));
    }

    [Fact]
    public void A_snapshot_of_before_there_were_parts_is_still_read()
    {
        var snapshot = (SchedulerSnapshot)Serializer.Deserialize(
            "j.snapshot", Encoding.UTF8.GetBytes(RecordedWhole));
        var state = new SchedulerState(new SchedulerLimits());
        state.Restore(snapshot);

        var launch = Assert.Single(state.Launches.Values);
        Assert.Equal((LaunchPhase.Active, 1), (launch.Phase, launch.Attempt));
        Assert.Equal("/instances/vm-1/root.qcow2", launch.Disks.Single().Path);
        Assert.Equal(At, launch.Timings.CommittedAt);
        Assert.Equal(1, state.ClaimsOf(HostId.Parse("a")).Launches);
    }

    [Fact]
    public void Bytes_that_are_cut_off_are_refused()
    {
        var bytes = Write([Usual]);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<MessageFormatException>(() => Read(bytes[..length]));
    }

    [Fact]
    public void A_newer_format_is_refused_by_its_number()
    {
        var bytes = Write([Usual]);
        bytes[0] = 4;
        var refused = Assert.Throws<MessageFormatException>(() => Read(bytes));
        Assert.Contains("of format 2: this version knows 1", refused.Message);
    }

    private static InstanceDisk Disk(string path) => new()
    {
        Name = DiskName.Root,
        BackingFile = null,
        VirtualSizeBytes = 1,
        AllocatedBytes = 2,
        Path = path,
        Format = "raw",
    };

    private static Image Image(string name) => new()
    {
        Name = ImageName.Parse(name),
        Source = new Uri("file:///" + name),
        Digest = Digest.FromHash("sha256", new byte[32]),
        Format = DiskFormat.Raw,
        SizeBytes = 1,
        VirtualSizeBytes = 1,
        MinDiskBytes = 1,
    };

    private static byte[] Write(IReadOnlyList<SavedLaunch> launches)
    {
        var bytes = new ArrayBufferWriter<byte>();
        Assert.Equal(Manifest, Serializer.Serialize(new SavedLaunches(launches), bytes));
        return bytes.WrittenSpan.ToArray();
    }

    private static IReadOnlyList<SavedLaunch> Read(byte[] bytes) =>
        ((SavedLaunches)Serializer.Deserialize(Manifest, bytes)).Launches;

    private static string Text(SavedLaunch launch) => JsonSerializer.Serialize(launch);
}
