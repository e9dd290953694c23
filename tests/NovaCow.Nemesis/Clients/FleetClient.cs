using NovaCow.Client;
using NovaCow.Nemesis.Fleet;

namespace NovaCow.Nemesis.Clients;

/// <summary>Launches and deletes, and asks again with the same ids, at any control node, until it
/// is told what became of it.</summary>
internal sealed class FleetClient(string name, int seed, TestFleet fleet, History history)
    : IDisposable
{
    private const int Tries = 6;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(4);
    private readonly Random _random = new(seed);
    private readonly List<string> _mine = [];
    private readonly Dictionary<string, NovaCowClient> _clients = fleet.Controls.ToDictionary(
        c => c, c => new NovaCowClient(fleet.Network.ListenOf(c)));

    private int _launched;

    /// <summary>Works until it is stopped; an operation that has begun is ended.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (_mine.Count > 0 && _random.Next(100) < 35)
                await DeleteAsync(stop);
            else
                await LaunchAsync(stop);
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(20, 150)));
        }
    }

    /// <summary>Launches once, and asks until it is told.</summary>
    public Task LaunchOneAsync(CancellationToken stop) => LaunchAsync(stop);

    public void Dispose()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
    }

    private async Task LaunchAsync(CancellationToken stop)
    {
        var ids = Enumerable.Range(0, _random.Next(1, 4))
            .Select(_ => $"{name}-{++_launched}").ToArray();
        var request = new LaunchRequest
        {
            Image = fleet.Images.Images[_random.Next(fleet.Images.Images.Count)],
            Flavor = "small",
            Ids = ids,
        };
        TimeSpan? wait = _random.Next(2) == 0 ? TimeSpan.FromSeconds(2) : null;
        var taken = await UntilToldAsync(
            OperationKind.Launch,
            ids,
            async (client, ct) => await client.LaunchAsync(request, wait, ct),
            stop);
        if (taken)
            _mine.AddRange(ids);
    }

    private async Task DeleteAsync(CancellationToken stop)
    {
        var id = _mine[_random.Next(_mine.Count)];
        _mine.Remove(id);
        TimeSpan? wait = _random.Next(2) == 0 ? TimeSpan.FromSeconds(2) : null;
        await UntilToldAsync(
            OperationKind.Delete,
            [id],
            (client, ct) => client.DeleteInstanceAsync(id, wait, ct),
            stop);
    }

    private async Task<bool> UntilToldAsync(
        OperationKind kind,
        IReadOnlyList<string> ids,
        Func<NovaCowClient, CancellationToken, Task> request,
        CancellationToken stop)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var node = _clients.Keys.ElementAt(_random.Next(_clients.Count));
            var operation = new Operation(name, kind, ids, node)
            {
                InvokedAt = fleet.Timeline.Now,
            };
            operation = await AskAsync(operation, ct => request(_clients[node], ct));
            history.Add(operation with { EndedAt = fleet.Timeline.Now });
            if (operation.Outcome != Outcome.Unknown || stop.IsCancellationRequested)
                return operation.Outcome == Outcome.Acknowledged;
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(50, 300)));
        }

        return false;
    }

    private static async Task<Operation> AskAsync(
        Operation operation, Func<CancellationToken, Task> request)
    {
        using var limit = new CancellationTokenSource(AnswerWithin);
        try
        {
            await request(limit.Token);
            return operation with { Outcome = Outcome.Acknowledged };
        }
        catch (NovaCowException e)
        {
            return operation with
            {
                Outcome = e.Problem.Status is 0 or 503 or 504 ? Outcome.Unknown : Outcome.Refused,
                Status = e.Problem.Status,
                Detail = e.Message,
            };
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException
            or IOException)
        {
            return operation with { Outcome = Outcome.Unknown, Detail = e.GetType().Name };
        }
    }
}
