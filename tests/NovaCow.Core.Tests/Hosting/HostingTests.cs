using NovaCow.Core.Hosting;

namespace NovaCow.Core.Tests.Hosting;

public sealed class HostingTests
{
    private static readonly InstanceId Vm = InstanceId.Parse("vm-1");
    private static readonly BaseKey Key = BaseKey.Parse("blank-1048576-ext4");
    private static readonly BaseKey Other = BaseKey.Parse("blank-2097152-ext4");

    [Theory]
    [InlineData(1, 1, 0.0, 50)]
    [InlineData(1, 1, 1.0, 100)]
    [InlineData(2, 1, 1.0, 200)]
    [InlineData(4, 1, 1.0, 800)]
    [InlineData(5, 1, 1.0, 1_000)]
    [InlineData(5, 1, 0.0, 500)]
    [InlineData(int.MaxValue, 1, 1.0, 1_000)]
    public void Pauses_double_up_to_a_bound(int failures, int _, double jitter, double expected)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        Assert.Equal(expected, backoff.After(failures, jitter).TotalMilliseconds);
    }

    [Fact]
    public void Two_bases_never_count_on_the_same_bytes()
    {
        var ledger = new SpaceLedger(marginBytes: 10);
        var space = new StoreSpace(200, 110);

        Assert.Null(ledger.Reserve(Key.Value, "image a", 60, space));
        var refused = ledger.Reserve(Other.Value, "image b", 60, space);
        Assert.Equal(LaunchErrorCode.InsufficientStorage, refused!.Code);
        Assert.Contains("image b: needs 60 bytes", refused.Message);
        Assert.Contains("has room for 40", refused.Message);

        ledger.Release(Key.Value);
        Assert.Null(ledger.Reserve(Other.Value, "image b", 100, space));
        Assert.Equal(100, ledger.ReservedBytes);
    }

    [Fact]
    public void A_promise_made_again_replaces_the_first()
    {
        var ledger = new SpaceLedger(0);
        ledger.Reserve(Key.Value, "a", 60, new StoreSpace(100, 100));
        Assert.Null(ledger.Reserve(Key.Value, "a", 70, new StoreSpace(100, 100)));
        Assert.Equal(70, ledger.ReservedBytes);
        ledger.Release(Key.Value);
        ledger.Release(Key.Value);
        Assert.Equal(0, ledger.ReservedBytes);
    }

    [Fact]
    public void A_host_refuses_what_is_older_than_it_has_seen()
    {
        var admission = new HostAdmission();
        Assert.Equal(Admission.NewAttempt, admission.Admit(Vm, new(1, 1)));
        Assert.Equal(Admission.SameAttempt, admission.Admit(Vm, new(1, 1)));
        Assert.Equal(Admission.NewAttempt, admission.Admit(Vm, new(1, 3)));
        Assert.Equal(Admission.StaleAttempt, admission.Admit(Vm, new(1, 2)));
        Assert.Equal(Admission.SameAttempt, admission.Admit(Vm, new(2, 3)));
        Assert.Equal(Admission.StaleEpoch, admission.Admit(Vm, new(1, 4)));
        Assert.Equal(Admission.StaleAttempt, admission.Admit(Vm, new(3, 2)));
    }

    [Fact]
    public void A_host_that_welcomed_a_leader_refuses_its_predecessor_for_every_instance()
    {
        var admission = new HostAdmission();
        Assert.True(admission.Welcome(2));
        Assert.False(admission.Welcome(1));
        Assert.Equal(Admission.StaleEpoch, admission.Admit(Vm, new(1, 9)));
        Assert.Equal(2, admission.Epoch);
    }

    [Fact]
    public void A_late_command_does_not_bring_an_older_attempt_back()
    {
        var admission = new HostAdmission(maxEnded: 2);
        admission.Admit(Vm, new(1, 2));
        admission.End(Vm, null);
        Assert.Equal(Admission.StaleAttempt, admission.Admit(Vm, new(1, 1)));
        Assert.Equal(Admission.EndedAttempt, admission.Admit(Vm, new(2, 2)));
        Assert.Null(admission.Newest(Vm));
        Assert.Equal(Admission.NewAttempt, admission.Admit(Vm, new(2, 3)));
    }

    [Fact]
    public void Why_an_attempt_failed_can_be_said_again()
    {
        var admission = new HostAdmission();
        var error = new LaunchError(LaunchErrorCode.VolumeDriver, "it broke", true);
        admission.Admit(Vm, new(1, 1));
        admission.End(Vm, error);
        Assert.Same(error, admission.WhyEnded(Vm));
    }

    [Fact]
    public void What_is_remembered_of_instances_that_are_gone_is_bounded()
    {
        var admission = new HostAdmission(maxEnded: 2);
        foreach (var id in new[] { "a", "b", "c" })
        {
            admission.Admit(InstanceId.Parse(id), new(1, 5));
            admission.End(InstanceId.Parse(id), null);
        }

        Assert.Equal(Admission.StaleAttempt, admission.Admit(InstanceId.Parse("b"), new(1, 1)));
        Assert.Equal(Admission.NewAttempt, admission.Admit(InstanceId.Parse("a"), new(1, 1)));
    }
}
