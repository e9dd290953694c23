using System.Net;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// Fetches images over http and https: resumes by range and validator, tries again what may go
/// better, and accepts only the bytes themselves, never more than the cap. Owns its connections;
/// never follows a redirect from https to http or to a host that is not allowed.
/// </summary>
public sealed class HttpImageSource : IImageSource, IDisposable
{
    private readonly HttpImageOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly HttpClient _client;

    /// <summary>A source with these bounds.</summary>
    /// <param name="options">The bounds.</param>
    /// <param name="time">What pauses and time-outs go by.</param>
    /// <param name="random">What pauses are spread by.</param>
    public HttpImageSource(
        HttpImageOptions? options = null, TimeProvider? time = null, Random? random = null)
        : this(
            options ?? new HttpImageOptions(),
            time ?? TimeProvider.System,
            random ?? Random.Shared,
            CreateHandler())
    {
    }

    /// <param name="options">The bounds.</param>
    /// <param name="time">What pauses and time-outs go by.</param>
    /// <param name="random">What pauses are spread by.</param>
    /// <param name="handler">As <see cref="CreateHandler"/> makes it; disposed with this.</param>
    internal HttpImageSource(
        HttpImageOptions options, TimeProvider time, Random random, SocketsHttpHandler handler)
    {
        (_options, _time, _random) = (options, time, random);
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What images are fetched with: it follows and changes nothing by itself.</summary>
    internal static SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    /// <inheritdoc/>
    public bool Handles(Uri source) => Redirects.IsHttp(source);

    /// <inheritdoc/>
    public async Task<FetchedImage> FetchAsync(
        FetchRequest request,
        IProgress<FetchProgress>? progress,
        CancellationToken cancellationToken)
    {
        Redirects.RequireAllowed(request, _options, request.Source);
        var gauge = new FetchProgressGauge(progress, _time);
        if (await EarlierDownload.FindAsync(request, gauge, cancellationToken) is { } found)
            return found;

        await using var part = PartialFile.Open(request);
        var download = new HttpDownload(request, _options, part, gauge);
        try
        {
            await download.ResumeAsync(cancellationToken);
            await ReceiveAsync(request, download, part, cancellationToken);
            return await download.PublishAsync();
        }
        catch (PortException e) when (e.Error.Code is LaunchErrorCode.InvalidRequest)
        {
            part.Discard();
            throw;
        }
        finally
        {
            await download.KeepAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task ReceiveAsync(
        FetchRequest request,
        HttpDownload download,
        PartialFile part,
        CancellationToken cancellationToken)
    {
        var exchange = new HttpExchange(_client, _options);
        var budget = new RetryBudget(_options, _random);
        while (true)
        {
            using var watch = new StallWatch(_options.StallTimeout, _time, cancellationToken);
            var outcome = await download.TryAsync(exchange, watch, cancellationToken);
            if (outcome is TryOutcome.Complete && !await IsPatchworkAsync())
                return;
            var again = outcome as TryOutcome.Again
                ?? new TryOutcome.Again("the parts of the file do not fit together");
            if (outcome is TryOutcome.Complete)
                await download.RestartAsync();
            var pause = budget.Next(part.ReceivedBytes, again.RetryAfter)
                ?? throw HttpErrors.GaveUp(request, again, budget.Tries, download.Kept);
            watch.Disarm();
            await Task.Delay(pause, _time, cancellationToken);
        }

        // A validator that lied is only seen by the digest; one whole response settles it.
        async Task<bool> IsPatchworkAsync() =>
            download.IsStitched && request.Expected is { } expected
            && await part.DigestAsync() != expected;
    }
}
