using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class LaunchDecisionsTests
{
    private static readonly HostId A = Given.Host("a");
    private static readonly HostId B = Given.Host("b");

    /// <summary>phase, command → event, answer; every phase with every command.</summary>
    public static TheoryData<LaunchPhase, string, Type?, LaunchAnswer> Table()
    {
        var table = new TheoryData<LaunchPhase, string, Type?, LaunchAnswer>();
        Row("place", typeof(LaunchPlaced), null, null, null, null, null);
        Row("prepared", null, typeof(LaunchCommitted), null, null, null, null);
        Row("prepared-elsewhere", null, null, null, null, null, null);
        Row("failed-retryable", null, typeof(AttemptEnded), typeof(LaunchFailed), null, null,
            typeof(LaunchDeleted));
        Row("failed-final", null, typeof(LaunchFailed), typeof(LaunchFailed), null, null,
            typeof(LaunchDeleted));
        Row("failed-elsewhere", null, null, null, null, null, null);
        Row("activated", null, null, typeof(LaunchActivated), null, null, null);
        Row("removed", null, null, null, null, null, typeof(LaunchDeleted));
        Row("removed-elsewhere", null, null, null, null, null, null);
        Row("missing", null, null, typeof(LaunchFailed), typeof(LaunchFailed), null,
            typeof(LaunchDeleted));
        Row("host-gone", null, typeof(AttemptEnded), null, null, null, null);
        Row("expire", typeof(LaunchFailed), null, null, null, null, null);
        Row("delete", typeof(LaunchDeleted), typeof(LaunchDeleting), typeof(LaunchDeleting),
            typeof(LaunchDeleting), typeof(LaunchDeleted), null);
        return table;

        void Row(
            string command, Type? accepted, Type? placed, Type? committed, Type? active,
            Type? failed, Type? deleting)
        {
            Type?[] events = [accepted, placed, committed, active, failed, deleting];
            for (var i = 0; i < events.Length; i++)
            {
                var phase = (LaunchPhase)i;
                table.Add(phase, command, events[i], Answer(phase, command));
            }
        }
    }

    private static LaunchAnswer Answer(LaunchPhase phase, string command) => (phase, command) switch
    {
        (LaunchPhase.Accepted, "place") => LaunchAnswer.Prepare,
        (LaunchPhase.Placed or LaunchPhase.Committed or LaunchPhase.Active, "prepared") =>
            LaunchAnswer.Commit,
        (_, "prepared") => LaunchAnswer.Discard,
        (_, "prepared-elsewhere") => LaunchAnswer.Discard,
        (LaunchPhase.Committed or LaunchPhase.Active, "activated") => LaunchAnswer.None,
        (_, "activated") => LaunchAnswer.Discard,
        (LaunchPhase.Placed, "missing") => LaunchAnswer.Prepare,
        (LaunchPhase.Placed or LaunchPhase.Committed or LaunchPhase.Active, "delete") =>
            LaunchAnswer.Discard,
        _ => LaunchAnswer.None,
    };

    private static LaunchCommand Command(string name) => name switch
    {
        "place" => new LaunchCommand.Place(A, 1, "because"),
        "prepared" => new LaunchCommand.Prepared(A, 1, [], null),
        "prepared-elsewhere" => new LaunchCommand.Prepared(B, 1, [], null),
        "failed-retryable" => new LaunchCommand.AttemptFailed(A, 1, Given.Error(true)),
        "failed-final" => new LaunchCommand.AttemptFailed(A, 1, Given.Error(false)),
        "failed-elsewhere" => new LaunchCommand.AttemptFailed(A, 7, Given.Error(false)),
        "activated" => new LaunchCommand.Activated(A, 1),
        "removed" => new LaunchCommand.Removed(A, 1),
        "removed-elsewhere" => new LaunchCommand.Removed(B, 1),
        "missing" => new LaunchCommand.Missing(A),
        "host-gone" => new LaunchCommand.HostGone(A),
        "expire" => new LaunchCommand.Expire(Given.Error(true)),
        "delete" => new LaunchCommand.Delete(),
        _ => throw new ArgumentException(name),
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Every_phase_meets_every_command(
        LaunchPhase phase, string command, Type? expected, LaunchAnswer answer)
    {
        var decision = LaunchDecisions.Decide(
            Given.Launch(phase), Command(command), maxFailedHosts: 3, Given.Start);

        Assert.Equal(expected, decision.Event?.GetType());
        Assert.Equal(answer, decision.Answer);
    }

    [Fact]
    public void A_launch_fails_with_the_last_reason_when_enough_hosts_failed_at_it()
    {
        var launch = Given.Launch(LaunchPhase.Accepted);
        LaunchEvent? last = null;
        foreach (var host in new[] { "a", "b", "c" })
        {
            var place = new LaunchCommand.Place(Given.Host(host), 1, "");
            launch = Launch.Apply(
                launch, LaunchDecisions.Decide(launch, place, 3, Given.Start).Event!)!;
            var error = Given.Error(true) with { Message = "broke on " + host };
            var failed = new LaunchCommand.AttemptFailed(
                Given.Host(host), launch.Attempt, error);
            last = LaunchDecisions.Decide(launch, failed, 3, Given.Start).Event!;
            launch = Launch.Apply(launch, last)!;
        }

        Assert.IsType<LaunchFailed>(last);
        Assert.Equal("broke on c", launch.Error!.Message);
        Assert.Equal(["a", "b"], launch.FailedOn.Select(h => h.Value));
        Assert.Equal(3, launch.Attempt);
    }

    [Fact]
    public void An_instance_whose_disks_come_back_is_taken_back()
    {
        var launch = Given.Launch(LaunchPhase.Active);
        var lost = LaunchDecisions.Decide(
            launch, new LaunchCommand.Missing(A), 3, Given.Start).Event!;
        launch = Launch.Apply(launch, lost)!;
        Assert.Equal(LaunchPhase.Failed, launch.Phase);

        foreach (var sign in new[] { "prepared", "activated" })
        {
            var back = LaunchDecisions.Decide(launch, Command(sign), 3, Given.Start);
            Assert.IsType<LaunchCommitted>(back.Event);
            Assert.Equal(LaunchAnswer.Commit, back.Answer);
        }
    }

    [Fact]
    public void A_journal_that_is_not_whole_is_not_guessed_at()
    {
        Assert.Throws<InvalidOperationException>(() => Launch.Apply(
            null, new LaunchActivated(Given.Id("vm"), A, 1, Given.Start)));
    }
}
