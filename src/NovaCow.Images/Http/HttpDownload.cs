using System.Net;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// One image on its way over HTTP, across as many tries as it takes: which version is being
/// fetched, how long it is, and how much of it would survive a crash.
/// </summary>
internal sealed class HttpDownload
{
    private readonly FetchRequest _request;
    private readonly HttpImageOptions _options;
    private readonly PartialFile _part;
    private readonly FetchProgressGauge _gauge;
    private readonly Checkpoints _checkpoints;
    private Validator? _validator;
    private long? _total;

    public HttpDownload(
        FetchRequest request, HttpImageOptions options, PartialFile part, FetchProgressGauge gauge)
    {
        (_request, _options, _part, _gauge) = (request, options, part, gauge);
        _checkpoints = new Checkpoints(options.CheckpointBytes, CheckpointAsync);
    }

    /// <summary>Whether what is at hand came in more than one response.</summary>
    public bool IsStitched { get; private set; }

    /// <summary>What of it stays for the next fetch.</summary>
    public string Kept =>
        _validator is null || _part.ReceivedBytes == 0
            ? "Nothing was kept"
            : $"{_part.ReceivedBytes} of {_total?.ToString() ?? "an unknown number of"} bytes "
                + "were kept";

    /// <summary>Goes on with what an earlier fetch left, if it is what its record says.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        var record = PartialRecord.Load(_part.RecordPath);
        var usable = record?.Validator is { ETag: not null } or { LastModified: not null }
            && record!.UrlSha256 == PartialRecord.Fingerprint(_request.Source)
            && record.DurableBytes <= _request.MaxBytes
            && (_request.Expected is not null || record.DurableBytes != record.TotalBytes)
            && await _part.AdoptAsync(record.DurableBytes, record.DurableDigest, cancellationToken);
        if (usable)
        {
            (_validator, _total) = (record!.Validator, record.TotalBytes);
            _checkpoints.StartFrom(record.DurableBytes);
            IsStitched = true;
            _gauge.Report(_part.ReceivedBytes, _total);
        }
        else
        {
            await RestartAsync();
        }
    }

    /// <summary>Forgets everything at hand.</summary>
    public async Task RestartAsync()
    {
        await _checkpoints.FinishAsync();
        await _part.RestartAsync();
        _checkpoints.StartFrom(0);
        (_validator, _total, IsStitched) = (null, null, false);
    }

    /// <summary>Asks once, for what is missing.</summary>
    public async Task<TryOutcome> TryAsync(
        HttpExchange exchange, StallWatch watch, CancellationToken cancellationToken)
    {
        if (_part.ReceivedBytes > 0 && _part.ReceivedBytes == _total)
            return new TryOutcome.Complete();
        if (_validator is null && _part.ReceivedBytes > 0)
            await RestartAsync();
        var range = _part.ReceivedBytes > 0
            ? new RangeAsked(_part.ReceivedBytes, _validator!)
            : null;
        HttpResponseMessage response;
        try
        {
            response = await exchange.SendAsync(_request, range, watch);
        }
        catch (Exception e) when (IsBroken(e, watch))
        {
            return Broken(e, watch);
        }

        using (response)
        {
            watch.Disarm();
            return await BeginAsync(response)
                ?? await ReceiveAsync(response, watch, cancellationToken);
        }
    }

    /// <summary>Makes what is at hand durable, for the next fetch, or removes it.</summary>
    public async Task KeepAsync()
    {
        try
        {
            await _checkpoints.FinishAsync();
            if (_part.IsGone || _validator is null || _part.ReceivedBytes == 0)
                _part.Discard();
            else
                await CheckpointAsync();
        }
        catch (PortException)
        {
            _part.Discard();
        }
    }

    /// <summary>The file, if its digest is the expected one.</summary>
    public async Task<FetchedImage> PublishAsync()
    {
        await _checkpoints.FinishAsync();
        return await _part.PublishAsync();
    }

    /// <summary>Judges a response's headers; null if its body is to be received.</summary>
    private async Task<TryOutcome?> BeginAsync(HttpResponseMessage response)
    {
        var length = response.Content.Headers.ContentLength;
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                if (_part.ReceivedBytes > 0)
                    await RestartAsync();
                (_validator, _total) = (Validator.Of(response), length);
                RequireVerifiable(response);
                break;
            case HttpStatusCode.PartialContent when Continues(response):
                (_total, IsStitched) = (response.Content.Headers.ContentRange!.Length, true);
                break;
            case HttpStatusCode.PartialContent:
                await RestartAsync();
                return new TryOutcome.Again("the server sent another part than the one asked for");
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                await RestartAsync();
                return new TryOutcome.Again("the server's file is shorter than it said (416)");
            default:
                var at = response.RequestMessage!.RequestUri!;
                return HttpErrors.OfStatus(_request, at, response.StatusCode) is { } final
                    ? throw final
                    : new TryOutcome.Again(
                        $"the server answered {(int)response.StatusCode}",
                        RetryAfterOf(response));
        }

        return _total > _request.MaxBytes
            ? throw SourceErrors.TooLarge(_request, _total.Value)
            : null;
    }

    private bool Continues(HttpResponseMessage response) =>
        _part.ReceivedBytes > 0
        && response.Content.Headers.ContentRange is { Unit: "bytes", Length: { } whole } range
        && range.From == _part.ReceivedBytes && range.To == whole - 1
        && (_total ?? whole) == whole
        && (response.Content.Headers.ContentLength ?? whole - range.From) == whole - range.From
        && _validator!.Fits(response);

    /// <summary>
    /// Without a length, chunks or a digest, a body that breaks off looks like one that ends.
    /// </summary>
    private void RequireVerifiable(HttpResponseMessage response)
    {
        if (_total is null && _request.Expected is null && response.Version.Major < 2
            && response.Headers.TransferEncodingChunked != true)
        {
            throw HttpErrors.Final(
                _request, response.RequestMessage!.RequestUri!,
                "the server does not say how long the file is, so it cannot be told whether it "
                    + "arrived whole; give its digest");
        }
    }

    private static TimeSpan? RetryAfterOf(HttpResponseMessage response) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when response.Headers.Date is { } now => date - now,
            _ => null,
        };

    private async Task<TryOutcome> ReceiveAsync(
        HttpResponseMessage response, StallWatch watch, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        while (true)
        {
            var place = await _part.RentAsync(cancellationToken);
            var (count, ended, broke) = await FillAsync(body, place, watch);
            if (_part.ReceivedBytes + count > _request.MaxBytes)
                throw SourceErrors.TooLarge(_request, _part.ReceivedBytes + count);
            await _part.CommitAsync(place, count);
            await _checkpoints.TakeIfDueAsync(_part.ReceivedBytes);
            cancellationToken.ThrowIfCancellationRequested();
            if (broke is not null)
                return Broken(broke, watch);
            if (ended)
                return Ended();
        }
    }

    /// <summary>Reads until the place is full or the body ends or breaks, losing no byte.</summary>
    private async Task<(int Count, bool Ended, Exception? Broke)> FillAsync(
        Stream body, Memory<byte> place, StallWatch watch)
    {
        var count = 0;
        try
        {
            watch.Rearm();
            while (count < place.Length)
            {
                var got = await body.ReadAsync(place[count..], watch.Token);
                if (got == 0)
                    return (count, Ended: true, null);
                watch.Rearm();
                count += got;
                _gauge.Report(_part.ReceivedBytes + count, _total);
            }

            return (count, Ended: false, null);
        }
        catch (Exception e) when (
            e is IOException or HttpRequestException or OperationCanceledException)
        {
            return (count, Ended: false, e);
        }
        finally
        {
            watch.Disarm();
        }
    }

    private TryOutcome Ended()
    {
        _total ??= _part.ReceivedBytes;
        return _part.ReceivedBytes == _total
            ? new TryOutcome.Complete()
            : new TryOutcome.Again(
                $"the server sent {_part.ReceivedBytes} bytes of the {_total} it had announced");
    }

    private static bool IsBroken(Exception e, StallWatch watch) =>
        e is HttpRequestException or IOException
        || (e is OperationCanceledException && watch.HasStalled);

    private TryOutcome Broken(Exception cause, StallWatch watch)
    {
        var where = _total is null
            ? $"at byte {_part.ReceivedBytes}"
            : $"at byte {_part.ReceivedBytes} of {_total}";
        return watch.HasStalled
            ? new TryOutcome.Again(
                $"nothing arrived for {_options.StallTimeout.TotalSeconds:0.###} s {where}",
                Cause: cause)
            : HttpErrors.OfConnection(_request, _request.Source, cause) is var broken
                && _part.ReceivedBytes > 0
                    ? broken with { Why = $"{broken.Why} {where}" }
                    : broken;
    }

    private async Task CheckpointAsync()
    {
        var validator = _validator;
        var (bytes, digest) = await _part.SyncAsync();
        if (validator is null)
            return;
        var record = new PartialRecord
        {
            Url = SafeUri.Display(_request.Source),
            UrlSha256 = PartialRecord.Fingerprint(_request.Source),
            Validator = validator,
            TotalBytes = _total,
            DurableBytes = bytes,
            DurableDigest = digest,
        };
        _part.Write(() => record.Save(_part.RecordPath));
    }
}
