using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;

namespace NovaCow.Node.Api;

/// <summary>
/// Writes events as server-sent events, and a comment when there is none for a while: so that a
/// reader, or a proxy between, can tell a quiet cluster from a connection that is dead.
/// </summary>
internal sealed class EventStream(Stream body, TimeProvider time)
{
    /// <summary>How long nothing is written before a comment is.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly JsonSerializerOptions Json = new(Client.NovaCowClient.Json)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Writes until there are no more events.</summary>
    public async Task WriteAsync(ChannelReader<Client.ClusterEvent> events, CancellationToken ct)
    {
        while (await NextAsync(events, ct))
        {
            while (events.TryRead(out var happened))
                await body.WriteAsync(Encode(happened), ct);
            await body.FlushAsync(ct);
        }
    }

    /// <summary>Waits for the next event, with heartbeats.</summary>
    /// <returns>False when there are no more.</returns>
    private async Task<bool> NextAsync(
        ChannelReader<Client.ClusterEvent> events, CancellationToken ct)
    {
        var next = events.WaitToReadAsync(ct).AsTask();
        while (!next.IsCompleted)
        {
            using var beat = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var pause = Task.Delay(Heartbeat, time, beat.Token);
            var first = await Task.WhenAny(next, pause);
            await beat.CancelAsync();
            if (first == next || ct.IsCancellationRequested)
                break;
            await body.WriteAsync(":\n\n"u8.ToArray(), ct);
            await body.FlushAsync(ct);
        }

        return await next;
    }

    private static byte[] Encode(Client.ClusterEvent happened) => Encoding.UTF8.GetBytes(
        $"event: {happened.Kind}\n"
            + $"data: {JsonSerializer.Serialize(happened, Json)}\n"
            + (happened.Id is { } id ? $"id: {id}\n\n" : "\n"));
}
