using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Core.Tests.Scheduling;
using NovaCow.Nemesis.Checks;
using NovaCow.Nemesis.Clients;
using NovaCow.Nemesis.Fleet;

namespace NovaCow.Cluster.Tests;

/// <summary>The nemesis's checks find what they are there to find.</summary>
public sealed class NemesisCheckTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly HashSet<string> Nobody = [];

    [Fact]
    public void An_acknowledged_launch_that_is_not_there_is_found()
    {
        Operation[] told = [Did(OperationKind.Launch, "vm", Outcome.Acknowledged)];
        Assert.Single(HistoryCheck.Violations(told, []));
        Assert.Empty(HistoryCheck.Violations(told, [Instance("vm", "active")]));
        Assert.Single(HistoryCheck.Violations(told, [Instance("vm", "placed")]));
        Assert.Single(HistoryCheck.Violations(told, [Instance("vm", "failed")]));
    }

    [Fact]
    public void An_acknowledged_deletion_whose_instance_is_there_is_found()
    {
        Operation[] told =
        [
            Did(OperationKind.Launch, "vm", Outcome.Acknowledged),
            Did(OperationKind.Delete, "vm", Outcome.Acknowledged),
        ];
        Assert.Single(HistoryCheck.Violations(told, [Instance("vm", "active")]));
        Assert.Empty(HistoryCheck.Violations(told, []));
    }

    [Theory]
    [InlineData(OperationKind.Launch)]
    [InlineData(OperationKind.Delete)]
    public void What_a_client_was_not_told_may_be_either_way(object kind)
    {
        Operation[] told =
        [
            Did(OperationKind.Launch, "vm",
                kind is OperationKind.Launch ? Outcome.Unknown : Outcome.Acknowledged),
            Did((OperationKind)kind, "vm", Outcome.Unknown),
        ];
        Assert.Empty(HistoryCheck.Violations(told, []));
        Assert.Empty(HistoryCheck.Violations(told, [Instance("vm", "active")]));
    }

    [Fact]
    public void What_nobody_launched_and_what_was_wrongly_refused_is_found()
    {
        Assert.Single(HistoryCheck.Violations([], [Instance("vm", "active")]));
        Operation[] told =
            [Did(OperationKind.Launch, "vm", Outcome.Refused) with { Status = 500 }];
        Assert.Single(HistoryCheck.Violations(told, []));
    }

    [Fact]
    public void A_launch_committed_to_two_hosts_and_an_epoch_that_falls_are_found_in_the_journal()
    {
        SchedulerEvent[] events =
        [
            new LaunchAccepted(InstanceId.Parse("vm"), Given.Spec(), Now),
            Placed("a", 2),
            Committed("a"),
            Placed("b", 1),
            Committed("b"),
        ];
        InstanceResource[] api =
            [Instance("vm", "committed") with { Host = "b", Attempt = 1 }];
        Assert.Equal(2, JournalCheck.Violations(events, s => s, api).Count());
        Assert.Empty(JournalCheck.Violations(
            events[..3], s => s, [Instance("vm", "committed") with { Host = "a" }]));
        Assert.Equal(2, JournalCheck.Violations(events[..3], s => s, api).Count());
    }

    [Fact]
    public void A_second_download_and_one_of_a_base_that_is_there_are_found()
    {
        var first = new Download("red", "host-1", 7, default);
        Assert.Empty(DownloadCheck.Violations([first], _ => true, Nobody));
        Assert.Empty(DownloadCheck.Violations(
            [first, first with { ProcessId = 8 }], _ => true, Nobody));
        Assert.Single(DownloadCheck.Violations([first, first], _ => true, Nobody));
        Assert.Single(DownloadCheck.Violations(
            [first with { HadBase = true }], _ => true, Nobody));
        Assert.Single(DownloadCheck.Violations(
            [first with { Beside = 1 }], _ => true, new HashSet<string> { "host-1" }));
    }

    private static Operation Did(OperationKind kind, string id, Outcome outcome) =>
        new("c", kind, [id], "control-1") { Outcome = outcome };

    private static InstanceResource Instance(string id, string state) => new()
    {
        Id = id,
        Image = "red",
        Flavor = "small",
        State = state,
        Attempt = 1,
        Disks = [],
        Timings = new InstanceTimings { AcceptedAt = Now },
    };

    private static LaunchPlaced Placed(string host, long epoch) => new(
        InstanceId.Parse("vm"), HostId.Parse(host), new LaunchFence(epoch, 1), "", Now);

    private static LaunchCommitted Committed(string host) =>
        new(InstanceId.Parse("vm"), HostId.Parse(host), 1, [], null, Now);
}
