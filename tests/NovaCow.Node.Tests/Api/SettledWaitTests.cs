using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Node.Api;
using NovaCow.Runtime.Actors;

namespace NovaCow.Node.Tests.Api;

/// <summary>Who waits for an instance outlives the leader that it waits with.</summary>
public sealed class SettledWaitTests : IAsyncLifetime
{
    private static readonly InstanceId s_id = InstanceId.Parse("vm-1");
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(5);
    private readonly ActorSystem _system = ActorSystem.Create("waits");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _system.Terminate();

    [Fact]
    public async Task A_leader_that_goes_while_somebody_waits_is_not_waited_for()
    {
        var settled = await WaitAsync(s_long, (asked, _) => asked < 3
            ? null : new SchedulerProtocol.InstanceFound(Instance));
        Assert.Equal(LaunchPhase.Active, settled.Phase);
    }

    [Fact]
    public async Task When_the_time_is_over_it_is_as_it_is_then()
    {
        var settled = await WaitAsync(TimeSpan.FromMilliseconds(300), (_, message) => message switch
        {
            SchedulerProtocol.GetInstance => new SchedulerProtocol.InstanceFound(
                Instance with { Phase = LaunchPhase.Placed }),
            _ => new SchedulerProtocol.Refused(new RequestError(RequestErrorCode.Timeout, "over")),
        });
        Assert.Equal(LaunchPhase.Placed, settled.Phase);
    }

    [Fact]
    public async Task Where_nobody_leads_to_the_end_it_says_so()
    {
        var error = await Assert.ThrowsAsync<ApiException>(
            () => WaitAsync(TimeSpan.FromMilliseconds(300), (_, _) => null));
        Assert.Equal("NoLeader", error.Code);
    }

    private static InstanceInfo Instance => new()
    {
        Id = s_id,
        Image = ImageName.Parse("debian"),
        Flavor = FlavorName.Parse("m1.tiny"),
        Phase = LaunchPhase.Active,
        Host = HostId.Parse("host-1"),
        Attempt = 1,
        Disks = [],
        Options = LaunchOptions.None,
        Timings = new LaunchTimings { AcceptedAt = DateTimeOffset.UnixEpoch },
    };

    /// <param name="patience">How long is waited.</param>
    /// <param name="answer">What the scheduler says to the message of that number; null:
    /// nothing.</param>
    private Task<InstanceInfo> WaitAsync(TimeSpan patience, Func<int, object, object?> answer)
    {
        var scheduler = _system.ActorOf(Props.Create(() => new Scripted(answer)));
        var gateway = new SchedulerGateway(scheduler, () => null)
        {
            Patience = TimeSpan.FromMilliseconds(200),
            AsksAnewAfter = TimeSpan.FromMilliseconds(100),
        };
        return InstancesApi.SettledAsync(
            gateway, s_id, SchedulerProtocol.Awaited.Launched, patience, default);
    }

    private sealed class Scripted : ReceiveActor
    {
        private int _asked;

        public Scripted(Func<int, object, object?> answer) => ReceiveAny(message =>
        {
            if (answer(++_asked, message) is { } said)
                Sender.Tell(said);
        });
    }
}
