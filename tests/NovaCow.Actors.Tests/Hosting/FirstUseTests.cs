using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class FirstUseTests : HostTestKit
{
    [Fact]
    public void A_cold_launch_makes_the_bases_and_then_all_disks_in_device_order()
    {
        StartHost();
        Prepare();

        var prepared = ExpectPrepared();

        Assert.Equal(["root", "ephemeral0", "swap"], prepared.Disks.Select(d => d.Name.Value));
        Assert.Equal(1, Disk.Calls("fetch"));
        Assert.Equal(1, Disk.Calls("inspect"));
        Assert.Equal(3, Disk.Calls("build"));
        Assert.False(prepared.Preparation.Warm);
        Assert.Equal(prepared.Disks, Disk.Records[Given.Id()].Disks);
        AwaitCondition(() => Disk.Incoming.IsEmpty);
    }

    [Fact]
    public void A_later_launch_only_clones()
    {
        StartHost();
        Prepare();
        ExpectPrepared();

        Prepare("vm-2");

        Assert.True(ExpectPrepared().Preparation.Warm);
        Assert.Equal((1, 3, 6), (Disk.Calls("fetch"), Disk.Calls("build"), Disk.Calls("clone")));
    }

    [Fact]
    public void Two_hundred_launches_of_a_cold_image_make_one_download_and_one_conversion()
    {
        StartHost();
        var gate = Disk.Hold("fetch");
        var spec = new LaunchSpec(Given.Image, Given.Tiny);
        for (var i = 0; i < 200; i++)
            Prepare($"vm-{i}", spec: spec);
        AwaitCondition(() => Disk.Calls("fetch") == 1);
        AwaitIdle();
        gate.SetResult();

        var prepared = Enumerable.Range(0, 200).Select(_ => ExpectPrepared().Id).ToHashSet();

        Assert.Equal(200, prepared.Count);
        Assert.Equal((1, 1, 1), (Disk.Calls("fetch"), Disk.Calls("inspect"), Disk.Calls("build")));
        Assert.Equal(200, Disk.Calls("clone"));
    }

    [Fact]
    public void A_failing_first_use_tells_everybody_who_waits_and_is_not_tried_again_at_once()
    {
        StartHost();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Disk.OnCall = s => s == "fetch" ? gate.Task : Task.CompletedTask;
        for (var i = 0; i < 50; i++)
            Prepare($"vm-{i}");
        AwaitCondition(() => Disk.Calls("fetch") == 1);
        AwaitIdle();
        gate.SetException(PortException.Retryable(LaunchErrorCode.ImageSource, "it stalled"));
        for (var i = 0; i < 50; i++)
        {
            var error = ExpectFailed();
            Assert.Equal((LaunchErrorCode.ImageSource, "it stalled"), (error.Code, error.Message));
        }

        Disk.Heal();
        Prepare("late");
        Assert.Contains("it stalled (failed 1 time; it is tried again", ExpectFailed().Message);
        Assert.Equal(1, Disk.Calls("fetch"));
        Assert.True(Disk.HasNoInstances);

        TestScheduler.Advance(TimeSpan.FromSeconds(5));
        Prepare("later");
        Assert.Equal("later", ExpectPrepared().Id.Value);
        Assert.Equal(2, Disk.Calls("fetch"));
    }

    [Fact]
    public void A_download_that_nobody_asks_for_again_is_not_kept_for_ever()
    {
        StartHost();
        Disk.Fail("fetch", LaunchErrorCode.ImageSource);
        Prepare();
        ExpectFailed();
        Disk.Incoming[BaseKey.Of(Given.Image.Digest)] = true;

        TestScheduler.Advance(TimeSpan.FromMinutes(59));
        Assert.False(Disk.Incoming.IsEmpty);
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        AwaitCondition(() => Disk.Incoming.IsEmpty);
    }

    [Fact]
    public void Pauses_between_tries_grow()
    {
        StartHost();
        Disk.Fail("build", LaunchErrorCode.VolumeDriver);
        foreach (var pause in new[] { 5, 10, 20 })
        {
            Prepare($"vm-{pause}");
            Assert.Equal(LaunchErrorCode.VolumeDriver, ExpectFailed().Code);
            var fetches = Disk.Calls("fetch");
            TestScheduler.Advance(TimeSpan.FromSeconds(pause - 0.5));
            Prepare($"early-{pause}");
            ExpectFailed();
            Assert.Equal(fetches, Disk.Calls("fetch"));
            TestScheduler.Advance(TimeSpan.FromSeconds(1));
        }
    }

    public static TheoryData<string, LaunchErrorCode> Refusals() => new()
    {
        { "refused", LaunchErrorCode.UnsafeImage },
        { "other-format", LaunchErrorCode.UnsafeImage },
        { "other-size", LaunchErrorCode.UnsafeImage },
        { "no-space", LaunchErrorCode.InsufficientStorage },
        { "unknown-scheme", LaunchErrorCode.InvalidRequest },
        { "fetch", LaunchErrorCode.ChecksumMismatch },
        { "inspect", LaunchErrorCode.VolumeDriver },
        { "build", LaunchErrorCode.VolumeDriver },
        { "clone", LaunchErrorCode.VolumeDriver },
        { "save", LaunchErrorCode.VolumeDriver },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Whatever_fails_the_launch_says_so_and_leaves_nothing(
        string what, LaunchErrorCode code)
    {
        StartHost();
        var spec = Given.Spec;
        switch (what)
        {
            case "refused":
                Disk.Verdict = new InspectionVerdict.Refused("qcow2: backing file", "qcow2", "bad");
                break;
            case "other-format":
                Disk.Verdict = new InspectionVerdict.Accepted(DiskFormat.Raw, Given.GiB, []);
                break;
            case "other-size":
                Disk.Verdict = new InspectionVerdict.Accepted(DiskFormat.Qcow2, 512, []);
                break;
            case "no-space":
                Disk.Space = new StoreSpace(1 << 30, 1 << 20);
                break;
            case "unknown-scheme":
                spec = spec with
                {
                    Image = spec.Image with { Source = new Uri("ftp://elsewhere/x") },
                };
                break;
            default:
                Disk.Fail(what, code);
                break;
        }

        Prepare(spec: spec);
        var error = ExpectFailed();

        Assert.Equal(code, error.Code);
        Assert.NotEmpty(error.Message);
        Assert.True(Disk.HasNoInstances);
        if (what != "fetch")
            AwaitCondition(() => Disk.Incoming.IsEmpty);
    }

    [Fact]
    public void An_entry_that_is_right_does_not_suffer_from_a_wrong_one_of_the_same_bytes()
    {
        StartHost();
        Disk.Verdict = new InspectionVerdict.Accepted(DiskFormat.Qcow2, Given.GiB, []);
        var wrong = Given.Image with { Name = ImageName.Parse("wrong"), Format = DiskFormat.Raw };
        Prepare(spec: new LaunchSpec(wrong, Given.Tiny));
        Assert.Equal(LaunchErrorCode.UnsafeImage, ExpectFailed().Code);

        Prepare("vm-2", spec: new LaunchSpec(Given.Image, Given.Tiny));

        ExpectPrepared();
    }

    [Fact]
    public void Only_so_many_bases_are_made_at_a_time()
    {
        StartHost(new HostLimits { MaxBuilds = 2 });
        var gate = Disk.Hold("fetch");
        for (byte i = 1; i <= 5; i++)
        {
            var spec = new LaunchSpec(Given.ImageOf($"image-{i}", i), Given.Tiny);
            Prepare($"vm-{i}", spec: spec);
        }

        AwaitCondition(() => Disk.Calls("fetch") == 2);
        AwaitIdle();
        Assert.Equal(2, Disk.Calls("fetch"));
        gate.SetResult();
        for (var i = 0; i < 5; i++)
            ExpectPrepared();
    }

    [Fact]
    public void Only_so_many_disks_wait_for_a_base()
    {
        StartHost(new HostLimits { MaxWaitersPerBase = 3 });
        var gate = Disk.Hold("fetch");
        var spec = new LaunchSpec(Given.Image, Given.Tiny);
        for (var i = 0; i < 4; i++)
            Prepare($"vm-{i}", spec: spec);

        var error = ExpectFailed();
        Assert.Equal((LaunchErrorCode.Busy, true), (error.Code, error.IsRetryable));

        gate.SetResult();
        for (var i = 0; i < 3; i++)
            ExpectPrepared();
    }

    [Fact]
    public void A_base_whose_waiters_are_all_gone_is_finished_for_those_to_come()
    {
        StartHost();
        var gate = Disk.Hold("fetch");
        var spec = new LaunchSpec(Given.Image, Given.Tiny);
        Prepare(spec: spec);
        AwaitCondition(() => Disk.Calls("fetch") == 1);
        ExpectCleanDiscard();
        gate.SetResult();
        AwaitCondition(() => Disk.Bases.Count == 1);

        Prepare("vm-2", spec: spec);

        ExpectPrepared();
        Assert.Equal(1, Disk.Calls("fetch"));
    }

    [Fact]
    public void Progress_and_states_of_a_base_are_reported()
    {
        Scheduler.IgnoreMessages(m => m is SchedulerProtocol.HostReport);
        StartHost();
        Prepare(spec: new LaunchSpec(Given.Image, Given.Tiny));
        List<(BaseState State, BaseStep? Step)> seen = [];
        while (Scheduler.ReceiveOne() is SchedulerProtocol.BaseProgress progress)
            seen.Add((progress.Base.State, progress.Base.Step));

        Assert.Equal(
            [
                (BaseState.Creating, BaseStep.Queued),
                (BaseState.Creating, BaseStep.Fetching),
                (BaseState.Creating, BaseStep.Inspecting),
                (BaseState.Creating, BaseStep.Building),
                (BaseState.Ready, null),
            ],
            seen.Distinct());
    }
}
