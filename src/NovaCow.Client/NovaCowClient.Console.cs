using System.Globalization;
using System.Runtime.CompilerServices;

namespace NovaCow.Client;

/// <summary>Instances' serial consoles.</summary>
public sealed partial class NovaCowClient
{
    /// <summary>Says where the body of a console's answer begins.</summary>
    public const string ConsoleOffsetHeader = "Novacow-Offset";

    /// <summary>Says where the console ended when it was read.</summary>
    public const string ConsoleEndHeader = "Novacow-End";

    private const int ConsoleBuffer = 16 << 10;
    private static readonly TimeSpan ConsoleAgainAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>Reads a part of an instance's console: what one answer holds.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="offset">From where, in bytes; negative: so many before its end.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<ConsoleText> ReadConsoleAsync(
        string id, long offset, CancellationToken ct)
    {
        using var response = await ExchangeAsync(
            () => Request(HttpMethod.Get, ConsolePath(id, offset), null, null),
            HttpCompletionOption.ResponseContentRead, ct);
        return new ConsoleText(
            Number(response, ConsoleOffsetHeader),
            await response.Content.ReadAsByteArrayAsync(ct),
            Number(response, ConsoleEndHeader));
    }

    /// <summary>An instance's console as it is written, until the instance ends or
    /// <paramref name="ct"/> does. A connection that breaks off is made again, to any control node,
    /// and goes on where it was. What is given is valid until the next is asked for.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="offset">From where, in bytes; negative: so many before its end.</param>
    /// <param name="ct">Ends it.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> FollowConsoleAsync(
        string id, long offset, [EnumeratorCancellation] CancellationToken ct)
    {
        var buffer = new byte[ConsoleBuffer];
        for (var goesOn = true; goesOn;)
        {
            var from = offset;
            using var response = await ExchangeAsync(
                () => Request(
                    HttpMethod.Get, ConsolePath(id, from) + "&follow=true", null, null),
                HttpCompletionOption.ResponseHeadersRead, ct);
            offset = Number(response, ConsoleOffsetHeader);
            await using var body = await response.Content.ReadAsStreamAsync(ct);
            while (goesOn && await NextAsync(body, buffer, ct) is var read and >= 0)
            {
                goesOn = read > 0;
                offset += read;
                if (read > 0)
                    yield return buffer.AsMemory(0, read);
            }

            if (goesOn)
                await Task.Delay(ConsoleAgainAfter, ct);
        }
    }

    /// <summary>How much was read; 0 at the end of what ended whole, -1 where it broke off.
    /// </summary>
    private static async Task<int> NextAsync(Stream body, byte[] buffer, CancellationToken ct)
    {
        try
        {
            return await body.ReadAsync(buffer, ct);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return -1;
        }
    }

    private static string ConsolePath(string id, long offset) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"v1/instances/{Segment(id)}/console?offset={offset}");

    private long Number(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out var values)
            && long.TryParse(values.First(), CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Unreachable(Address, $"the answer has no {header}; is it a NovaCow API?", null);
}
