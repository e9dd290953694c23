using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace NovaCow.Testing.Guests;

/// <summary>
/// What a guest writes on its serial console, read from the file that it goes to. Remembers how far
/// it was read, so that what one boot said is not taken for what the next one says.
/// </summary>
/// <param name="path">The file; it need not exist yet.</param>
public sealed class GuestConsole(string path)
{
    /// <summary>Long enough for a guest that is emulated on a machine under load.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(240);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <summary>By the clock: the thread that matches may have to wait for its turn.</summary>
    private static readonly TimeSpan s_match = TimeSpan.FromMinutes(1);

    private long _from;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>What was written since <see cref="Skip"/>.</summary>
    public string Text => Read();

    /// <summary>The lines that the demo image's guest wrote since <see cref="Skip"/>, without their
    /// beginning, <c>novacow: </c>.</summary>
    public IReadOnlyList<string> Lines =>
    [
        .. Regex.Matches(
            Text, @"novacow: ([^\n]*)\n", RegexOptions.ExplicitCapture | RegexOptions.None, s_match)
            .Select(match => match.Value["novacow: ".Length..].TrimEnd()),
    ];

    /// <summary>From now on only what is written later counts.</summary>
    public void Skip() => _from = File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Waits until what was written since <see cref="Skip"/> has a match.</summary>
    /// <param name="pattern">A regular expression; <c>^</c> and <c>$</c> are ends of lines.</param>
    /// <param name="deadline">How long; null: <see cref="Patience"/>.</param>
    /// <param name="hasEnded">Whether nothing more can come.</param>
    /// <exception cref="GuestException">There was none; the message has the console's end.
    /// </exception>
    public async Task<Match> WaitForAsync(
        string pattern, TimeSpan? deadline = null, Func<bool>? hasEnded = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            // Asked before reading: what it wrote last is read then.
            var isLast = hasEnded?.Invoke() ?? false;
            var match = Regex.Match(Read(), pattern, RegexOptions.Multiline, s_match);
            if (match.Success)
                return match;
            if (isLast || clock.Elapsed > (deadline ?? Patience))
            {
                throw new GuestException(
                    $"no '{pattern}' on {path} after {clock.Elapsed.TotalSeconds:F0} s"
                        + $"{(isLast ? ", when the guest ended" : "")}; it ends: {Tail()}");
            }

            await Task.Delay(s_pause);
        }
    }

    /// <summary>Waits until the demo image's guest has said what it sees.</summary>
    public Task<Match> ReadyAsync(Func<bool>? hasEnded = null) =>
        WaitForAsync("novacow: ready$", hasEnded: hasEnded);

    /// <summary>Its end, for errors.</summary>
    public string Tail() => string.Join('\n', Read().Split('\n').TakeLast(15));

    private string Read()
    {
        if (!File.Exists(path))
            return "";
        using var file = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Min(_from, file.Length);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r", "", StringComparison.Ordinal);
    }
}

/// <summary>A guest, or what runs it, did not do what was waited for.</summary>
public sealed class GuestException : Exception
{
    /// <summary>Says what was waited for, and what was seen.</summary>
    public GuestException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public GuestException()
    {
    }

    /// <inheritdoc/>
    public GuestException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
