using NovaCow.Core.Hosting;

namespace NovaCow.Node.Api;

/// <summary>
/// Writes a console as it grows, by asking again where it ended. It ends with the instance; a host
/// or a leader that is away for a while is waited for.
/// </summary>
/// <param name="read">Reads a part from an offset.</param>
/// <param name="body">Where to; a reader that is slow holds the asking up.</param>
/// <param name="time">The clock of the pauses.</param>
internal sealed class ConsoleStream(
    Func<long, CancellationToken, Task<ConsolePart>> read, Stream body, TimeProvider time)
{
    /// <summary>Before the next question, when there was something new.</summary>
    public static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Before the next question, when there was nothing new.</summary>
    public static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(500);

    /// <summary>How long nobody may answer.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromMinutes(2);

    /// <summary>Reads a part. A console that ends before the offset began anew, as that of an
    /// instance that moved does, and is read from its beginning.</summary>
    public async Task<ConsolePart> ReadAsync(long offset, CancellationToken ct)
    {
        var part = await read(offset, ct);
        return part.EndOffset < offset ? await read(0, ct) : part;
    }

    /// <summary>Writes this part and what follows it, until the instance has ended.</summary>
    /// <exception cref="ApiException">Nobody answered for too long, or the host refused.
    /// </exception>
    public async Task WriteAsync(ConsolePart first, CancellationToken ct)
    {
        for (var part = first; part is not null;)
        {
            var isNew = part.Bytes.Length > 0;
            if (isNew)
            {
                await body.WriteAsync(part.Bytes, ct);
                await body.FlushAsync(ct);
            }

            var next = part.Offset + part.Bytes.Length;
            if (next >= part.EndOffset || !isNew)
                await Task.Delay(isNew ? ShortPause : LongPause, time, ct);
            part = await NextAsync(next, ct);
        }
    }

    /// <summary>The next part; null: there is no such instance any more, or it has no machine.
    /// </summary>
    private async Task<ConsolePart?> NextAsync(long offset, CancellationToken ct)
    {
        for (var begun = time.GetTimestamp(); ;)
        {
            try
            {
                return await ReadAsync(offset, ct);
            }
            catch (ApiException e) when (IsPassing(e) && time.GetElapsedTime(begun) < LostAfter)
            {
                await Task.Delay(LongPause, time, ct);
            }
            catch (ApiException e) when (IsEnd(e))
            {
                return null;
            }
        }
    }

    private static bool IsEnd(ApiException e) =>
        e.Status is StatusCodes.Status404NotFound or StatusCodes.Status409Conflict;

    private static bool IsPassing(ApiException e) => e.Status
        is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout;
}
