using System.Net.Http.Json;
using System.Net.Security;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace NovaCow.Client;

/// <summary>
/// The HTTP API, typed. Every method throws <see cref="NovaCowException"/> with the API's problem
/// document, or with status 0 when nobody answered.
/// </summary>
public sealed partial class NovaCowClient : IDisposable
{
    /// <summary>How the API writes JSON.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http;
    private readonly IReadOnlyList<Uri> _endpoints;
    private int _current;

    /// <summary>A client of the control node at this address.</summary>
    public NovaCowClient(Uri address)
        : this([address])
    {
    }

    /// <summary>A client of a cluster: any of its control nodes may answer.</summary>
    /// <param name="addresses">Of control nodes; when one does not answer, the next is asked.
    /// </param>
    /// <param name="tls">The certificate to present, and whom to trust; null is the system's way.
    /// </param>
    public NovaCowClient(
        IReadOnlyList<Uri> addresses, SslClientAuthenticationOptions? tls = null)
        : this(addresses, new SocketsHttpHandler
        {
            ConnectTimeout = ConnectWithin,
            SslOptions = tls ?? new SslClientAuthenticationOptions(),
        })
    {
    }

    internal NovaCowClient(IReadOnlyList<Uri> addresses, HttpMessageHandler handler)
    {
        if (addresses.Count == 0)
            throw new ArgumentException("there is no address to ask: name one", nameof(addresses));
        _endpoints = addresses;
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Where the API is: the control node that answered last.</summary>
    public Uri Address => _endpoints[_current];

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Registers an image; takes as long as computing what was not given.</summary>
    public Task<ImageResource> RegisterImageAsync(
        RegisterImageRequest request, CancellationToken ct) =>
        SendAsync<ImageResource>(HttpMethod.Post, "v1/images", request, null, ct);

    /// <summary>Every image.</summary>
    public Task<Page<ImageResource>> ListImagesAsync(CancellationToken ct) =>
        GetAsync<Page<ImageResource>>("v1/images", ct);

    /// <summary>One image.</summary>
    public Task<ImageResource> GetImageAsync(string name, CancellationToken ct) =>
        GetAsync<ImageResource>($"v1/images/{Segment(name)}", ct);

    /// <summary>Removes an image from the catalogue; bases and instances of it stay.</summary>
    public Task DeleteImageAsync(string name, CancellationToken ct) =>
        DeleteAsync($"v1/images/{Segment(name)}", null, ct);

    /// <summary>Every flavor.</summary>
    public Task<Page<FlavorResource>> ListFlavorsAsync(CancellationToken ct) =>
        GetAsync<Page<FlavorResource>>("v1/flavors", ct);

    /// <summary>One flavor.</summary>
    public Task<FlavorResource> GetFlavorAsync(string name, CancellationToken ct) =>
        GetAsync<FlavorResource>($"v1/flavors/{Segment(name)}", ct);

    /// <summary>Launches instances.</summary>
    /// <param name="request">What to launch.</param>
    /// <param name="wait">How long to wait until all have settled; null answers once they are
    /// durably accepted.</param>
    /// <param name="ct">Gives up waiting; what was accepted goes on.</param>
    public Task<LaunchResponse> LaunchAsync(
        LaunchRequest request, TimeSpan? wait, CancellationToken ct) =>
        SendAsync<LaunchResponse>(HttpMethod.Post, "v1/instances", request, wait, ct);

    /// <summary>A page of instances in the order of their ids.</summary>
    public Task<Page<InstanceResource>> ListInstancesAsync(
        string? after, int limit, CancellationToken ct) =>
        GetAsync<Page<InstanceResource>>(
            $"v1/instances?limit={limit}" + (after is null ? "" : $"&after={Segment(after)}"), ct);

    /// <summary>One instance.</summary>
    public Task<InstanceResource> GetInstanceAsync(string id, CancellationToken ct) =>
        GetAsync<InstanceResource>($"v1/instances/{Segment(id)}", ct);

    /// <summary>Deletes an instance and its disks.</summary>
    public Task DeleteInstanceAsync(string id, TimeSpan? wait, CancellationToken ct) =>
        DeleteAsync($"v1/instances/{Segment(id)}", wait, ct);

    /// <summary>Every host.</summary>
    public Task<Page<HostResource>> ListHostsAsync(CancellationToken ct) =>
        GetAsync<Page<HostResource>>("v1/hosts", ct);

    /// <summary>One host.</summary>
    public Task<HostResource> GetHostAsync(string name, CancellationToken ct) =>
        GetAsync<HostResource>($"v1/hosts/{Segment(name)}", ct);

    /// <summary>Takes over the instances in a folder of a host, or says what that would do.
    /// </summary>
    public Task<AdoptResponse> AdoptAsync(
        string host, AdoptRequest request, CancellationToken ct) =>
        SendAsync<AdoptResponse>(
            HttpMethod.Post, $"v1/hosts/{Segment(host)}/adoptions", request, null, ct);

    /// <summary>Where a launch would go now; nothing is launched.</summary>
    public Task<PlacementResource> ForecastAsync(LaunchRequest request, CancellationToken ct) =>
        SendAsync<PlacementResource>(HttpMethod.Post, "v1/placement", request, null, ct);

    /// <summary>Why an instance is where it is, or waits.</summary>
    public Task<PlacementResource> ExplainAsync(string id, CancellationToken ct) =>
        GetAsync<PlacementResource>($"v1/instances/{Segment(id)}/placement", ct);

    /// <summary>Every base volume on every host.</summary>
    public Task<Page<BaseResource>> ListBasesAsync(CancellationToken ct) =>
        GetAsync<Page<BaseResource>>("v1/bases", ct);

    /// <summary>Whether the node serves.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken ct)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri(Address, "readyz"), ct);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Events as they happen, until cancelled or the node goes.</summary>
    /// <param name="after">The last event seen; null starts with what comes next.</param>
    /// <param name="ct">Ends the stream.</param>
    public async IAsyncEnumerable<ClusterEvent> FollowEventsAsync(
        long? after, [EnumeratorCancellation] CancellationToken ct)
    {
        using var response = await ExchangeAsync(
            () => Following(after), HttpCompletionOption.ResponseHeadersRead, ct);
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        var parser = SseParser.Create(
            body, (_, data) => JsonSerializer.Deserialize<ClusterEvent>(data, Json));
        await foreach (var item in parser.EnumerateAsync(ct))
        {
            if (item.Data is { } happened)
                yield return happened;
        }
    }

    private static HttpRequestMessage Following(long? after)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "v1/events");
        if (after is { } id)
            request.Headers.Add("Last-Event-ID", id.ToString());
        return request;
    }

    private static string Segment(string text) => Uri.EscapeDataString(text);

    private Task<T> GetAsync<T>(string path, CancellationToken ct) =>
        SendAsync<T>(HttpMethod.Get, path, null, null, ct);

    private async Task DeleteAsync(string path, TimeSpan? wait, CancellationToken ct)
    {
        try
        {
            using var response = await ExchangeAsync(
                () => Request(HttpMethod.Delete, path, null, wait),
                HttpCompletionOption.ResponseContentRead, ct);
        }
        catch (NovaCowException e) when (e is { WasRepeated: true, Problem.Status: 404 })
        {
            // An earlier try, whose answer was lost, has deleted it.
        }
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, object? body, TimeSpan? wait, CancellationToken ct)
    {
        using var response = await ExchangeAsync(
            () => Request(method, path, body, wait), HttpCompletionOption.ResponseContentRead, ct);
        return await ReadAsync<T>(response, ct);
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken ct) =>
        await response.Content.ReadFromJsonAsync<T>(Json, ct)
            ?? throw Unreachable(Address, "the answer was empty", null);

    private static HttpRequestMessage Request(
        HttpMethod method, string path, object? body, TimeSpan? wait)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        if (wait is { } time)
            request.Headers.Add("Prefer", $"wait={(long)Math.Ceiling(time.TotalSeconds)}");
        return request;
    }
}
