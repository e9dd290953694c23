using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>Bases that are damaged: found, taken out of service, and made again.</summary>
public sealed class CareTests : HostTestKit
{
    private static readonly BaseKey Key = Given.Image.BaseKey();
    private static readonly LaunchSpec Tiny = new(Given.Image, Given.Tiny);

    [Fact]
    public void What_verification_finds_is_made_again_at_once_and_its_clones_are_named()
    {
        StartHost();
        Active();
        Active("vm-2");
        Disk.Damaged[Key] = "digest differs";

        Send(new HostProtocol.Scrub(Key));

        var healed = Await(r => r.Damage is { RebuiltAt: not null });
        Assert.Equal(BaseState.Ready, healed.State);
        Assert.Equal("digest differs", healed.Damage!.Reason);
        Assert.Equal(["vm-1", "vm-2"], healed.Damage.Clones.Select(c => c.Value));
        Assert.Equal("digest differs", healed.Scrub!.Problem);
        Assert.Equal((2, 0), (Disk.Calls("fetch"), Disk.Calls("delete-base")));
        Prepare("vm-3", spec: Tiny);
        ExpectPrepared();
    }

    [Fact]
    public void A_base_that_cannot_be_made_again_stays_out_of_service_and_says_why()
    {
        StartHost();
        Active();
        Disk.Damaged[Key] = "digest differs";
        Disk.Fail("fetch", LaunchErrorCode.ImageSource);

        Send(new HostProtocol.Scrub(Key));

        var report = Await(r => r.State == BaseState.Quarantined);
        Assert.Equal(LaunchErrorCode.ImageSource, report.Error!.Code);
        Assert.NotNull(report.RetryAt);
        Prepare("vm-2", spec: Tiny);
        Assert.Equal(LaunchErrorCode.ImageSource, ExpectFailed().Code);

        Disk.Heal();
        TestScheduler.Advance(TimeSpan.FromSeconds(6));
        Await(r => r.State == BaseState.Ready);
        Prepare("vm-3", spec: Tiny);
        ExpectPrepared();
    }

    [Fact]
    public void A_launch_that_meets_a_damaged_base_gets_the_one_that_takes_its_place()
    {
        StartHost();
        Active();
        Disk.Damaged[Key] = "is 5 bytes long";

        Prepare("vm-2", spec: Tiny);
        Prepare("vm-3", spec: Tiny);

        ExpectPrepared();
        ExpectPrepared();
        Assert.Equal(2, Disk.Calls("fetch"));
        Assert.Contains(Given.Id(), Await(r => r.Damage is not null).Damage!.Clones);
    }

    [Fact]
    public void A_start_makes_again_what_was_found_damaged_before()
    {
        StartHost();
        Active();
        StopHost();
        Disk.Damaged[Key] = "was found damaged";

        var facts = StartHost();

        Assert.Equal(BaseState.Quarantined, Assert.Single(facts.Bases, b => b.Key == Key).State);
        Assert.Equal(Given.Id(), Assert.Single(facts.Instances).Id);
        var healed = Await(r => r.State == BaseState.Ready);
        Assert.Equal([Given.Id()], healed.Damage!.Clones);
        Assert.Empty(Disk.Damaged);
    }

    [Fact]
    public void Without_clones_the_damaged_base_is_removed_before_another_is_made()
    {
        StartHost();
        Active();
        ExpectCleanDiscard();
        Disk.Damaged[Key] = "digest differs";
        Send(new HostProtocol.Scrub(Key));
        Await(r => r.Damage is { RebuiltAt: not null });
        Assert.Equal(1, Disk.Calls("delete-base"));
    }

    [Fact]
    public void Only_one_base_is_read_at_a_time()
    {
        StartHost();
        Active();
        var gate = Disk.Hold("verify");
        Send(new HostProtocol.Scrub(null));
        AwaitCondition(() => Disk.Calls("verify") == 1);
        AwaitIdle();
        Assert.Equal(3, Reports().Count(r => r.Scrub is { IsDue: true }));
        Assert.Equal(1, Disk.Calls("verify"));
        gate.SetResult();
        AwaitCondition(() => Disk.Calls("verify") == 3);
        AwaitAssert(() => Assert.All(Reports(), r => Assert.True(
            r.Scrub is { IsDue: false, VerifiedAt: not null, Problem: null })));
    }

    [Fact]
    public void Every_base_is_verified_as_often_as_the_settings_say()
    {
        StartHost(new HostLimits
        {
            ScrubEvery = TimeSpan.FromMinutes(5),
            SealAfter = TimeSpan.FromDays(9),
        });
        Active();
        TestScheduler.Advance(TimeSpan.FromMinutes(4));
        AwaitIdle();
        Assert.Equal(0, Disk.Calls("verify"));
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        AwaitCondition(() => Disk.Calls("verify") == 3);
    }

    [Fact]
    public void A_new_base_that_has_no_digest_of_its_own_is_sealed_a_while_later()
    {
        StartHost();
        Prepare(spec: Tiny);
        ExpectPrepared();
        AwaitIdle();
        Assert.Equal(0, Disk.Calls("verify"));
        TestScheduler.Advance(TimeSpan.FromSeconds(31));
        AwaitCondition(() => Disk.Calls("verify") == 1);
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        AwaitIdle();
        Assert.Equal(1, Disk.Calls("verify"));
    }

    [Fact]
    public void A_reading_that_fails_is_told_and_nothing_is_taken_out_of_service()
    {
        StartHost();
        Active();
        Disk.Fail("verify", LaunchErrorCode.VolumeDriver);
        Send(new HostProtocol.Scrub(Key));
        var report = Await(r => r.Scrub is { Error: not null });
        Assert.Equal((BaseState.Ready, null), (report.State, report.Scrub!.VerifiedAt));
        Disk.Heal();
        Send(new HostProtocol.Scrub(Key));
        Await(r => r.Scrub is { VerifiedAt: not null, Error: null });
    }

    private IReadOnlyList<BaseReport> Reports()
    {
        Send(new HostProtocol.SayHello());
        return Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts.Bases;
    }

    private BaseReport Await(Func<BaseReport, bool> condition)
    {
        BaseReport? found = null;
        AwaitAssert(() =>
        {
            found = Assert.Single(Reports(), r => r.Key == Key);
            Assert.True(condition(found), $"{found}");
        });
        return found!;
    }
}
