using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using NovaCow.Client;
using NovaCow.Testing.Guests;

namespace NovaCow.Cluster.Tests.Machines;

/// <summary>What an instance's guest writes on its serial console, as clients read it. What an
/// earlier boot wrote is not taken for what the next one does.</summary>
internal sealed class ApiConsole(NovaCowClient client, string id)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>By the clock: the thread that matches may have to wait for its turn.</summary>
    private static readonly TimeSpan Match = TimeSpan.FromMinutes(1);

    private long _from;

    /// <summary>From now on only what is written later counts.</summary>
    public async Task SkipAsync() =>
        _from = (await client.ReadConsoleAsync(id, -1, default)).EndOffset;

    /// <summary>Waits for a text that matches, and takes what was written so far.</summary>
    /// <param name="pattern">A regular expression; <c>^</c> and <c>$</c> are ends of lines.</param>
    /// <returns>All that was written.</returns>
    public async Task<string> WaitForAsync(string pattern)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var text = await ReadAsync();
            if (Regex.IsMatch(text, pattern, RegexOptions.Multiline, Match))
                return text;
            Assert.True(
                clock.Elapsed < GuestConsole.Patience,
                $"no '{pattern}' on the console of {id} after {clock.Elapsed.TotalSeconds:F0} s; "
                    + $"it is: {text}");
            await Task.Delay(Pause);
        }
    }

    /// <summary>Waits until the demo image's guest has done all that it was told, and heeds its
    /// power button.</summary>
    public async Task<string> DoneAsync()
    {
        await WaitForAsync("novacow: power button on");
        return await WaitForAsync("novacow: done");
    }

    private async Task<string> ReadAsync()
    {
        using var bytes = new MemoryStream();
        for (var at = _from; ;)
        {
            var part = await client.ReadConsoleAsync(id, at, default);
            bytes.Write(part.Bytes.Span);
            at = part.Offset + part.Bytes.Length;
            if (part.Bytes.IsEmpty || at >= part.EndOffset)
                break;
        }

        return Encoding.UTF8.GetString(bytes.ToArray())
            .Replace("\r", "", StringComparison.Ordinal);
    }
}
