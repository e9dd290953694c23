using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class AdoptionTests
{
    [Fact]
    public void An_adopted_instance_goes_to_the_host_that_has_its_disks_however_full_it_is()
    {
        var core = Given.Scheduler(null, "a", "b");
        for (var i = 0; i < 20; i++)
            core.Launch($"vm-{i}");
        foreach (var host in (string[])["a", "b"])
        {
            var decision = core.Adopt([Request($"old-{host}", host)], Given.Start);
            var prepare = Assert.Single(decision.Effects.OfType<SchedulerEffect.Prepare>());
            Assert.Equal(Given.Host(host), prepare.Host);
            Assert.Equal("/old/disk", prepare.Spec.Adoption!.Disks[0].Path);
        }
    }

    [Fact]
    public void Adopting_again_answers_with_the_instance_and_takes_none_twice()
    {
        var core = Given.Scheduler(null, "a");
        core.Adopt([Request("old", "a")], Given.Start);
        var again = core.Adopt([Request("old", "a"), Request("new", "a")], Given.Start);
        Assert.Equal(["old", "new"], again.Instances.Select(i => i.Id.Value));
        Assert.Single(again.Events.OfType<LaunchAccepted>());
    }

    [Fact]
    public void An_id_that_was_used_for_another_instance_is_a_conflict_and_nothing_is_taken()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Launch("used");
        core.Adopt([Request("elsewhere", "b")], Given.Start);
        foreach (var id in (string[])["used", "elsewhere"])
        {
            var decision = core.Adopt([Request("fine", "a"), Request(id, "a")], Given.Start);
            Assert.Equal(RequestErrorCode.Conflict, decision.Refusal!.Code);
            Assert.Contains(id, decision.Refusal.Message);
        }

        Assert.DoesNotContain(Given.Id("fine"), core.State.Launches.Keys);
    }

    [Fact]
    public void What_is_not_there_is_named()
    {
        var core = Given.Scheduler(null, "a");
        var host = core.Adopt([Request("old", "nowhere")], Given.Start);
        Assert.Equal(RequestErrorCode.HostNotFound, host.Refusal!.Code);
        var request = Request("old", "a") with { Image = ImageName.Parse("nope") };
        var image = core.Adopt([request], Given.Start);
        Assert.Equal(RequestErrorCode.ImageNotFound, image.Refusal!.Code);
    }

    [Fact]
    public void A_disk_smaller_than_the_image_is_refused()
    {
        var core = Given.Scheduler(null, "a");
        var small = Given.Tiny with { RootDiskBytes = 512 };
        var decision = core.Adopt([Request("old", "a") with { Flavor = small }], Given.Start);
        Assert.Equal(RequestErrorCode.FlavorTooSmall, decision.Refusal!.Code);
    }

    private static AdoptionRequest Request(string id, string host) => new(
        Given.Id(id),
        Given.Image().Name,
        Given.Tiny,
        new Adoption(
            Given.Host(host),
            [new ForeignDisk(DiskName.Root, "/old/disk", "raw", null, Given.GiB, 1)]));
}
