using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using NovaCow.Client;
using NovaCow.Security;
using Spectre.Console;

namespace NovaCow.Cli;

/// <summary>Where a command writes: tables for people, JSON for programs, progress beside.
/// </summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    private const int Gap = 2;

    private static readonly JsonSerializerOptions Pretty = new(NovaCowClient.Json)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Line = new(Pretty) { WriteIndented = false };

    public TextWriter Error { get; } = error;

    public static NovaCowClient Connect(ParseResult parsed) =>
        new(
            parsed.GetRequiredValue(Options.Api),
            Options.CredentialsOf(parsed) is { } own
                ? ClusterTls.Dial(own, TimeProvider.System)
                : Options.AuthorityOf(parsed) is { } authority
                    ? ClusterTls.Dial(authority, TimeProvider.System)
                    : null);

    /// <summary>Whether a person watches: progress bars make sense.</summary>
    public bool IsInteractive =>
        ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>A console on the error output, for progress.</summary>
    public IAnsiConsole ProgressConsole() => AnsiConsole.Create(
        new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Error) });

    public void WriteLine(string text) => output.WriteLine(text);

    public void WriteJson<T>(T value) => output.WriteLine(JsonSerializer.Serialize(value, Pretty));

    public void WriteJsonLine<T>(T value) =>
        output.WriteLine(JsonSerializer.Serialize(value, Line));

    /// <summary>Prints the value as JSON when that was asked for, else by <paramref name="people"/>.
    /// </summary>
    public void Write<T>(ParseResult parsed, T value, Action<T> people)
    {
        if (parsed.GetValue(Options.Json))
            WriteJson(value);
        else
            people(value);
    }

    /// <summary>A table; a column whose name starts with '&gt;' is aligned to the right. Only the
    /// last column may be cut, and only in a terminal: JSON has everything.</summary>
    public void WriteTable(string[] columns, IEnumerable<string?[]> rows)
    {
        List<string[]> lines = [[.. columns.Select(c => c.TrimStart('>'))]];
        lines.AddRange(rows.Select(row => row.Select(cell => Printable(cell ?? "-")).ToArray()));
        var widths = columns.Select((_, i) => lines.Max(line => line[i].Length)).ToArray();
        var room = (IsPiped ? int.MaxValue : Console.WindowWidth) - widths[..^1].Sum(w => w + Gap);
        var isHead = true;
        foreach (var line in lines)
        {
            var text = string.Concat(line[..^1].Select((cell, i) => Aligned(cell, i)));
            var last = columns[^1][0] == '>' ? line[^1].PadLeft(widths[^1]) : line[^1];
            text += last.Length <= Math.Max(room, columns[^1].Length)
                ? last : last[..(Math.Max(room, columns[^1].Length) - 1)] + "…";
            output.WriteLine(isHead && !IsPiped ? $"\e[1m{text}\e[0m" : text);
            isHead = false;
        }

        string Aligned(string cell, int i) => (columns[i][0] == '>'
            ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i])) + new string(' ', Gap);
    }

    /// <summary>Names and values, one a line.</summary>
    public void WriteFacts(params (string Name, string? Value)[] facts)
    {
        var width = facts.Max(f => f.Name.Length) + 2;
        foreach (var (name, value) in facts)
        {
            if (value is not null)
                output.WriteLine(name.PadRight(width) + Printable(value));
        }
    }

    /// <summary>A guest's bytes: as they are where a program reads them or that was asked for, and
    /// without what would steer a terminal else.</summary>
    public void WriteConsole(ReadOnlySpan<byte> bytes, ConsoleFilter filter, bool isRaw)
    {
        if (!ReferenceEquals(output, Console.Out))
            output.Write(isRaw || IsPiped ? filter.Decode(bytes) : filter.Clean(bytes));
        else if (isRaw || IsPiped)
        {
            using var raw = Console.OpenStandardOutput();
            raw.Write(bytes);
            raw.Flush();
        }
        else
            output.Write(filter.Clean(bytes));
        output.Flush();
    }

    /// <summary>Hostile text cannot move the cursor or change colours.</summary>
    public static string Printable(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private bool IsPiped => !ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected;
}
