using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Tests.Remote;

public sealed class LinkWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_watcher_hears_of_the_end_after_the_last_message()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Export("mortal", (message, context) =>
        {
            context.Sender.Tell(new Pong(((Ping)message).Number), context.Self);
            if (((Ping)message).Number == 100)
                context.Stop(context.Self);
        });
        var probe = pair.Left.CreateTestProbe();
        var mortal = pair.Link.ActorFor("/user/mortal");
        probe.Watch(mortal);

        for (var i = 1; i <= 100; i++)
            probe.Send(mortal, new Ping(i));

        for (var i = 1; i <= 100; i++)
            Assert.Equal(i, probe.ExpectMsg<Pong>().Number);
        var end = probe.ExpectTerminated(mortal);
        Assert.True(end.ExistenceConfirmed);
        Assert.False(end.AddressTerminated);
    }

    [Fact]
    public async Task The_sender_of_a_message_can_be_watched()
    {
        await using var pair = await LinkPair.StartAsync();
        var probe = pair.Right.CreateTestProbe();
        pair.Right.Export(
            "sink", (message, context) => probe.Ref.Tell(message, context.Sender));
        var sender = pair.Left.CreateTestProbe();
        sender.Send(pair.Link.ActorFor("/user/sink"), new Ping(1));
        probe.ExpectMsg<Ping>();
        var remote = probe.LastSender;
        probe.Watch(remote);

        pair.Left.Sys.Stop(sender.Ref);

        Assert.True(probe.ExpectTerminated(remote).ExistenceConfirmed);
    }

    [Fact]
    public async Task An_actor_that_is_not_there_has_ended()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Links.Export("/user/nobody");
        var nobody = pair.Link.ActorFor("/user/nobody");
        pair.Left.Watch(nobody);
        var end = pair.Left.ExpectTerminated(nobody);
        Assert.False(end.ExistenceConfirmed);
        Assert.False(end.AddressTerminated);
    }

    [Fact]
    public async Task The_end_of_the_link_is_the_end_of_all_actors_behind_it()
    {
        await using var pair = await LinkPair.StartAsync();
        pair.Right.Export("one", (_, _) => { });
        var one = pair.Link.ActorFor("/user/one");
        pair.Left.Watch(one);

        pair.Sockets.Dispose();

        Assert.True(pair.Left.ExpectTerminated(one).AddressTerminated);
        await pair.Link.Closed.WaitAsync(Patience);
        var probe = pair.Left.CreateTestProbe();
        probe.Watch(one);
        Assert.True(probe.ExpectTerminated(one).AddressTerminated);
    }

    [Fact]
    public async Task Unwatching_takes_the_watch_back()
    {
        await using var pair = await LinkPair.StartAsync();
        var sync = pair.Right.CreateTestProbe();
        var one = pair.Right.Export("one", (m, c) => c.Sender.Tell(new Pong(1), null));
        var remote = pair.Link.ActorFor("/user/one");
        pair.Left.Watch(remote);
        pair.Left.Unwatch(remote);
        // The answer comes behind the two.
        remote.Tell(new Ping(1), pair.Left.TestActor);
        pair.Left.ExpectMsg<Pong>();

        pair.Right.Sys.Stop(one);
        sync.Watch(one);
        sync.ExpectTerminated(one);
        pair.Right.Export("two", (m, c) => c.Sender.Tell(new Pong(2), null));
        pair.Link.ActorFor("/user/two").Tell(new Ping(2), pair.Left.TestActor);

        Assert.Equal(2, pair.Left.ExpectMsg<Pong>().Number);
        Assert.False(pair.Left.HasMessages);
    }

    [Fact]
    public async Task Many_watches_are_independent()
    {
        await using var pair = await LinkPair.StartAsync();
        var actors = new List<(IActorRef Local, IActorRef Remote)>();
        for (var i = 0; i < 50; i++)
        {
            var local = pair.Right.Export($"n{i}", (_, _) => { });
            actors.Add((local, pair.Link.ActorFor($"/user/n{i}")));
            pair.Left.Watch(actors[i].Remote);
        }
        foreach (var (local, remote) in actors.AsEnumerable().Reverse())
        {
            pair.Right.Sys.Stop(local);
            pair.Left.ExpectTerminated(remote);
        }
    }
}
