using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class CaptureTests
{
    private static readonly Image Mine = Given.Image("mine", 9);
    private static readonly ChangeRequest Capture = new ChangeRequest.Capture(Mine.Name);

    [Fact]
    public void What_was_captured_is_in_the_catalogue_when_the_change_ends()
    {
        var vm = new OneMachine();
        Assert.Equal(
            new InstanceChange.Capture(Mine.Name, Given.Image()), vm.Accepted(Capture));
        vm.Answered(Capture);
        var ended = vm.End(captured: Mine);
        Assert.Equal(
            [typeof(ImageRegistered), typeof(ChangeEnded)], ended.Events.Select(e => e.GetType()));
        Assert.Equal(Mine, vm.Core.State.Images[Mine.Name]);
        Assert.Equal(ChangePhase.Done, vm.Newest.Phase);
        Assert.Empty(vm.End(captured: Mine).Events);
        vm.Answered(Capture);
    }

    [Fact]
    public void A_name_that_is_taken_is_refused_and_one_that_was_deleted_is_free_again()
    {
        var vm = new OneMachine();
        vm.Refused(
            RequestErrorCode.Conflict, new ChangeRequest.Capture(Given.Image().Name), "debian");
        vm.Done(Capture, captured: Mine);
        vm.Done(new ChangeRequest.Start());
        vm.Refused(RequestErrorCode.Conflict, Capture, "mine");
        vm.Core.Unregister(Mine.Name, Given.Start);
        vm.Done(Capture, captured: Mine);
        Assert.Contains(Mine.Name, vm.Core.State.Images);
    }

    [Fact]
    public void A_name_is_one_captures_while_it_is_under_way_and_free_when_it_was_given_up()
    {
        var vm = new OneMachine();
        vm.Core.Launch("other");
        vm.Core.Prepared(
            OneMachine.A, Given.Id("other"), OneMachine.Fence, [OneMachine.Root],
            new(true, default, default), Given.Start);
        vm.Core.Activated(OneMachine.A, Given.Id("other"), OneMachine.Fence, Given.Start);
        vm.Accepted(Capture);
        var refusals = (RequestError?[])
        [
            vm.Core.Change(Given.Id("other"), Capture, Given.Start).Refusal,
            vm.Core.Register(Mine, Given.Start).Refusal,
        ];
        foreach (var refusal in refusals)
        {
            Assert.Equal(RequestErrorCode.Conflict, refusal!.Code);
            Assert.Contains("instance vm is being captured under that name", refusal.Message);
        }

        vm.Core.CancelChange(OneMachine.Id, Given.Start);
        Assert.Null(vm.Core.Register(Mine, Given.Start).Refusal);
    }

    [Fact]
    public void A_capture_whose_name_was_taken_meanwhile_fails_and_says_so()
    {
        var vm = new OneMachine();
        vm.Accepted(Capture);
        vm.Core.CancelChange(OneMachine.Id, Given.Start);
        vm.Core.Register(Given.Image("mine", 8), Given.Start);
        var ended = Assert.IsType<ChangeEnded>(Assert.Single(vm.End(captured: Mine).Events));
        Assert.Null(ended.Captured);
        Assert.Equal(ChangePhase.Failed, vm.Newest.Phase);
        Assert.Contains("the catalogue has another one of that name", vm.Newest.Error!.Message);
        Assert.Contains("captured, but not registered", vm.Newest.Error.Message);
    }

    [Fact]
    public void The_name_is_the_one_that_was_asked_for_whatever_the_host_says()
    {
        var vm = new OneMachine();
        vm.Done(Capture, captured: Mine with { Name = Given.Image().Name });
        Assert.Equal(Mine, vm.Core.State.Images[Mine.Name]);
        Assert.Equal(Given.Image(), vm.Core.State.Images[Given.Image().Name]);
    }

    [Fact]
    public void A_host_that_names_no_image_or_no_whole_one_has_captured_nothing()
    {
        foreach (var bad in (Image?[])[null, Mine with { SizeBytes = 0 },
            Mine with { Kernel = ImageName.Parse("gone") }])
        {
            var vm = new OneMachine();
            vm.Done(Capture, captured: bad);
            Assert.Equal(ChangePhase.Failed, vm.Newest.Phase);
            Assert.DoesNotContain(Mine.Name, vm.Core.State.Images);
        }
    }

    [Fact]
    public void A_leader_that_recovers_knows_which_names_are_taken()
    {
        var vm = new OneMachine();
        vm.Accepted(Capture);
        var restored = new SchedulerState(new SchedulerLimits());
        restored.Restore(vm.Core.State.ToSnapshot());
        Assert.Equal(OneMachine.Id, restored.Captures[Mine.Name]);
        vm.Core.Delete(OneMachine.Id, Given.Start);
        Assert.Empty(vm.Core.State.Captures);
    }
}
