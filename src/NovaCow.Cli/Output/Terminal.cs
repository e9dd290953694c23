using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using NovaCow.Client;
using Spectre.Console;

namespace NovaCow.Cli;

/// <summary>Where a command writes: tables for people, JSON for programs, progress beside.
/// </summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    private const int RedirectedWidth = 240;

    private static readonly JsonSerializerOptions Pretty = new(NovaCowClient.Json)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Line = new(Pretty) { WriteIndented = false };

    public TextWriter Error { get; } = error;

    public static NovaCowClient Connect(ParseResult parsed) =>
        new(parsed.GetRequiredValue(Options.Api));

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

    /// <summary>A table; a column whose name starts with '&gt;' is aligned to the right.</summary>
    public void WriteTable(string[] columns, IEnumerable<string?[]> rows)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var name in columns)
        {
            var column = new TableColumn($"[bold]{Markup.Escape(name.TrimStart('>'))}[/]").NoWrap();
            column.Padding = new Padding(0, 0, 2, 0);
            table.AddColumn(name[0] == '>' ? column.RightAligned() : column);
        }

        foreach (var row in rows)
            table.AddRow([.. row.Select(cell => new Text(Printable(cell ?? "-")))]);
        WriteRendered(table);
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

    /// <summary>Hostile text cannot move the cursor or change colours.</summary>
    public static string Printable(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private void WriteRendered(Table table)
    {
        var redirected = !ReferenceEquals(output, Console.Out) || Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Out = new AnsiConsoleOutput(output),
        });
        if (redirected)
            console.Profile.Width = RedirectedWidth;
        console.Write(table);
    }
}
