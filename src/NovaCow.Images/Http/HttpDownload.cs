using System.Net;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// One image on its way over HTTP, across as many tries as it takes: which version is being
/// fetched, how long it is, and how much of it would survive a crash.
/// </summary>
internal sealed class HttpDownload(
    FetchRequest request, HttpImageOptions options, PartialFile part, FetchProgressGauge gauge)
{
    private Validator? _validator;
    private long? _total;
    private Task _checkpoint = Task.CompletedTask;
    private long _checkpointed;

    /// <summary>Whether what is at hand came in more than one response.</summary>
    public bool IsStitched { get; private set; }

    /// <summary>What of it stays for the next fetch.</summary>
    public string Kept =>
        _validator is null || part.ReceivedBytes == 0
            ? "Nothing was kept"
            : $"{part.ReceivedBytes} of {_total?.ToString() ?? "an unknown number of"} bytes "
                + "were kept";

    /// <summary>Goes on with what an earlier fetch left, if it is what its record says.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        var record = PartialRecord.Load(part.RecordPath);
        var usable = record?.Validator is { ETag: not null } or { LastModified: not null }
            && record!.UrlSha256 == PartialRecord.Fingerprint(request.Source)
            && record.DurableBytes <= request.MaxBytes
            && (request.Expected is not null || record.DurableBytes != record.TotalBytes)
            && await part.AdoptAsync(record.DurableBytes, record.DurableDigest, cancellationToken);
        if (usable)
        {
            (_validator, _total) = (record!.Validator, record.TotalBytes);
            (_checkpointed, IsStitched) = (record.DurableBytes, true);
            gauge.Report(part.ReceivedBytes, _total);
        }
        else
        {
            await RestartAsync();
        }
    }

    /// <summary>Forgets everything at hand.</summary>
    public async Task RestartAsync()
    {
        await _checkpoint;
        await part.RestartAsync();
        (_validator, _total, _checkpointed, IsStitched) = (null, null, 0, false);
    }

    /// <summary>Asks once, for what is missing.</summary>
    public async Task<TryOutcome> TryAsync(
        HttpExchange exchange, StallWatch watch, CancellationToken cancellationToken)
    {
        if (part.ReceivedBytes > 0 && part.ReceivedBytes == _total)
            return new TryOutcome.Complete();
        if (_validator is null && part.ReceivedBytes > 0)
            await RestartAsync();
        var range = part.ReceivedBytes > 0 ? new RangeAsked(part.ReceivedBytes, _validator!) : null;
        HttpResponseMessage response;
        try
        {
            response = await exchange.SendAsync(request, range, watch);
        }
        catch (Exception e) when (IsBroken(e, watch))
        {
            return Broken(e, watch);
        }

        using (response)
        {
            watch.Disarm();
            return await BeginAsync(response) ?? await ReceiveAsync(response, watch, cancellationToken);
        }
    }

    /// <summary>Makes what is at hand durable, for the next fetch, or removes it.</summary>
    public async Task KeepAsync()
    {
        try
        {
            await _checkpoint;
            if (part.IsGone || _validator is null || part.ReceivedBytes == 0)
                part.Discard();
            else
                await CheckpointAsync();
        }
        catch (PortException)
        {
            part.Discard();
        }
    }

    /// <summary>The file, if its digest is the expected one.</summary>
    public async Task<FetchedImage> PublishAsync()
    {
        await _checkpoint;
        return await part.PublishAsync();
    }

    /// <summary>Judges a response's headers; null if its body is to be received.</summary>
    private async Task<TryOutcome?> BeginAsync(HttpResponseMessage response)
    {
        var length = response.Content.Headers.ContentLength;
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK:
                if (part.ReceivedBytes > 0)
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
                return HttpErrors.OfStatus(request, at, response.StatusCode) is { } final
                    ? throw final
                    : new TryOutcome.Again(
                        $"the server answered {(int)response.StatusCode}",
                        RetryAfterOf(response));
        }

        return _total > request.MaxBytes
            ? throw SourceErrors.TooLarge(request, _total.Value)
            : null;
    }

    private bool Continues(HttpResponseMessage response) =>
        part.ReceivedBytes > 0
        && response.Content.Headers.ContentRange is { Unit: "bytes", Length: { } whole } range
        && range.From == part.ReceivedBytes && range.To == whole - 1
        && (_total ?? whole) == whole
        && (response.Content.Headers.ContentLength ?? whole - range.From) == whole - range.From
        && _validator!.Fits(response);

    /// <summary>
    /// Without a length, chunks or a digest, a body that breaks off looks like one that ends.
    /// </summary>
    private void RequireVerifiable(HttpResponseMessage response)
    {
        if (_total is null && request.Expected is null && response.Version.Major < 2
            && response.Headers.TransferEncodingChunked != true)
        {
            throw HttpErrors.Final(
                request, response.RequestMessage!.RequestUri!,
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
            var place = await part.RentAsync(cancellationToken);
            var (count, ended, broke) = await FillAsync(body, place, watch);
            if (part.ReceivedBytes + count > request.MaxBytes)
                throw SourceErrors.TooLarge(request, part.ReceivedBytes + count);
            await part.CommitAsync(place, count);
            await CheckpointIfDueAsync();
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
            while (count < place.Length)
            {
                watch.Rearm();
                var got = await body.ReadAsync(place[count..], watch.Token);
                if (got == 0)
                    return (count, Ended: true, null);
                count += got;
                gauge.Report(part.ReceivedBytes + count, _total);
            }

            return (count, Ended: false, null);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
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
        _total ??= part.ReceivedBytes;
        return part.ReceivedBytes == _total
            ? new TryOutcome.Complete()
            : new TryOutcome.Again(
                $"the server sent {part.ReceivedBytes} bytes of the {_total} it had announced");
    }

    private static bool IsBroken(Exception e, StallWatch watch) =>
        e is HttpRequestException or IOException
        || (e is OperationCanceledException && watch.HasStalled);

    private TryOutcome Broken(Exception cause, StallWatch watch)
    {
        var where = _total is null
            ? $"at byte {part.ReceivedBytes}"
            : $"at byte {part.ReceivedBytes} of {_total}";
        return watch.HasStalled
            ? new TryOutcome.Again(
                $"nothing arrived for {options.StallTimeout.TotalSeconds:0.###} s {where}",
                Cause: cause)
            : HttpErrors.OfConnection(request, request.Source, cause) is var broken
                && part.ReceivedBytes > 0
                    ? broken with { Why = $"{broken.Why} {where}" }
                    : broken;
    }

    private async Task CheckpointIfDueAsync()
    {
        if (_validator is null || !_checkpoint.IsCompleted
            || part.ReceivedBytes - _checkpointed < options.CheckpointBytes)
        {
            return;
        }

        await _checkpoint;
        _checkpointed = part.ReceivedBytes;
        _checkpoint = CheckpointAsync();
    }

    private async Task CheckpointAsync()
    {
        var (bytes, digest) = await part.SyncAsync();
        var record = new PartialRecord
        {
            Url = SafeUri.Display(request.Source),
            UrlSha256 = PartialRecord.Fingerprint(request.Source),
            Validator = _validator!,
            TotalBytes = _total,
            DurableBytes = bytes,
            DurableDigest = digest,
        };
        part.Write(() => record.Save(part.RecordPath));
    }
}
