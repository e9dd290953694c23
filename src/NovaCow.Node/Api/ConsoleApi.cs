using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;

namespace NovaCow.Node.Api;

/// <summary>
/// What guests write on their serial consoles: bytes, which nobody may take for anything else. A
/// part, or with <c>follow=true</c> all that comes until the client leaves.
/// </summary>
internal static class ConsoleApi
{
    /// <summary>Clients that follow consoles through this node at a time.</summary>
    public const int MaxFollowers = 64;

    private const string ContentType = "application/octet-stream";
    private const string Follow = "follow";
    private static readonly TimeSpan ComeBackAfter = TimeSpan.FromSeconds(5);

    /// <summary>A client that is still there comes back; one that vanished without a word would
    /// keep its place while its guest is silent.</summary>
    private static readonly TimeSpan CutOffAfter = TimeSpan.FromHours(1);

    public static void Map(IEndpointRouteBuilder v1)
    {
        var seats = new Seats(MaxFollowers);
        v1.MapGet("/instances/{id}/console", (
                string id, HttpContext http, SchedulerGateway gateway, ActorSystem system,
                IHostApplicationLifetime node, string? offset = null, string? max = null,
                string? follow = null) =>
            {
                var asked = new Asked(
                    Parse.Id<InstanceId>("id", id),
                    Parse.Offset("offset", offset) ?? -HostProtocol.MaxConsoleBytes,
                    Parse.Count("max", max, HostProtocol.MaxConsoleBytes)
                        ?? HostProtocol.MaxConsoleBytes);
                var console = new ConsoleReader(gateway, asked.Id, asked.MaxBytes);
                return Parse.Flag(Follow, follow)
                    ? FollowAsync(
                        http,
                        new ConsoleStream(
                            console.ReadAsync, http.Response.Body, system.TimeProvider),
                        asked.Offset, seats, node.ApplicationStopping)
                    : SendAsync(http, console, asked.Offset);
            })
            .WithTags("instances")
            .WithSummary("Read what a guest writes on its serial console; the headers "
                + $"{NovaCowClient.ConsoleOffsetHeader} and {NovaCowClient.ConsoleEndHeader} say "
                + "where the part begins and where the console ends")
            .Counts("offset")
            .Counts("max", 1, HostProtocol.MaxConsoleBytes)
            .Produces<Stream>(StatusCodes.Status200OK, ContentType)
            .Fails(404, 409);
    }

    /// <summary>Whether the answer to a request does not end by itself.</summary>
    public static bool IsEndless(HttpRequest request) =>
        request.Query.ContainsKey(Follow)
            && request.Path.Value?.EndsWith("/console", StringComparison.OrdinalIgnoreCase) == true;

    private static async Task SendAsync(HttpContext http, ConsoleReader console, long offset)
    {
        var part = await console.ReadAsync(offset, http.RequestAborted);
        Describe(http.Response, part);
        http.Response.ContentLength = part.Bytes.Length;
        await http.Response.Body.WriteAsync(part.Bytes, http.RequestAborted);
    }

    private static async Task FollowAsync(
        HttpContext http, ConsoleStream stream, long offset, Seats seats,
        CancellationToken stopping)
    {
        using var seat = seats.Take();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            http.RequestAborted, stopping);
        end.CancelAfter(CutOffAfter);
        var first = await stream.ReadAsync(offset, end.Token);
        Describe(http.Response, first);
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await http.Response.Body.FlushAsync(end.Token);
        try
        {
            await stream.WriteAsync(first, end.Token);
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException or IOException)
        {
            // Only what ended with its instance ends whole: whoever was cut off comes back.
            http.Abort();
        }
    }

    private static void Describe(HttpResponse response, ConsolePart part)
    {
        response.ContentType = ContentType;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-cache,no-store";
        response.Headers[NovaCowClient.ConsoleOffsetHeader] = $"{part.Offset}";
        response.Headers[NovaCowClient.ConsoleEndHeader] = $"{part.EndOffset}";
    }

    private sealed record Asked(InstanceId Id, long Offset, int MaxBytes);

    /// <summary>Asks the instance's host, through the scheduler.</summary>
    private sealed record ConsoleReader(SchedulerGateway Gateway, InstanceId Id, int MaxBytes)
    {
        public async Task<ConsolePart> ReadAsync(long offset, CancellationToken ct)
        {
            var found = await Gateway.AskAsync<SchedulerProtocol.ConsoleFound>(
                new SchedulerProtocol.ReadConsole(Id, offset, MaxBytes), ct,
                SchedulerGateway.HostAnswersWithin);
            return found.Part;
        }
    }

    /// <summary>How many follow, bounded.</summary>
    private sealed class Seats(int most)
    {
        private int _taken;

        /// <summary>A place, until it is disposed.</summary>
        /// <exception cref="ApiException">There is none.</exception>
        public IDisposable Take()
        {
            if (Interlocked.Increment(ref _taken) <= most)
                return new Seat(this);
            Interlocked.Decrement(ref _taken);
            throw new ApiException(
                StatusCodes.Status503ServiceUnavailable,
                nameof(RequestErrorCode.Busy),
                $"{most} clients follow consoles through this control node, which is all it takes; "
                    + "end one, ask another control node, or read without follow",
                ComeBackAfter);
        }

        private sealed class Seat(Seats seats) : IDisposable
        {
            public void Dispose() => Interlocked.Decrement(ref seats._taken);
        }
    }
}
