using System.Diagnostics;
using NovaCow.Runtime.Actors;

namespace NovaCow.Benchmarks.Runtime;

/// <summary>
/// Akka.NET's own throughput benchmark: pairs of actors, each client keeping up to a thousand
/// messages under way to an echo of its own. Messages of both directions count.
/// </summary>
internal static class PingPong
{
    private const int Window = 1_000;

    public static async Task<double> MeasureAsync(int pairs, int messagesPerPair)
    {
        await using var system = ActorSystem.Create("bench");
        var done = new List<Task>();
        var clients = new List<IActorRef>();
        for (var i = 0; i < pairs; i++)
        {
            var finished = new TaskCompletionSource();
            var echo = system.ActorOf(Props.Create<Echo>());
            clients.Add(system.ActorOf(
                Props.Create(() => new Client(echo, messagesPerPair, finished))));
            done.Add(finished.Task);
        }

        await Task.WhenAll(clients.Select(c => c.Ask<object>(Ready.Instance)));
        var begun = Stopwatch.GetTimestamp();
        foreach (var client in clients)
            client.Tell(Run.Instance);
        await Task.WhenAll(done);
        return 2d * pairs * messagesPerPair / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private sealed record Ready
    {
        public static readonly Ready Instance = new();
    }

    private sealed record Run
    {
        public static readonly Run Instance = new();
    }

    private sealed record Ping
    {
        public static readonly Ping Instance = new();
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message, Self);
    }

    private sealed class Client(IActorRef echo, int repeat, TaskCompletionSource done)
        : UntypedActor
    {
        private int _sent;
        private int _received;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Ping:
                    if (++_received == repeat)
                        done.SetResult();
                    else if (_sent < repeat)
                        Send();
                    break;
                case Run:
                    for (var i = 0; i < Math.Min(Window, repeat); i++)
                        Send();
                    break;
                default:
                    Sender.Tell(message);
                    break;
            }
        }

        private void Send()
        {
            _sent++;
            echo.Tell(Ping.Instance, Self);
        }
    }
}
