using Microsoft.Extensions.Logging;
using NovaCow.Runtime.Actors;
using Severity = NovaCow.Runtime.Actors.LogLevel;

namespace NovaCow.Node.Logging;

/// <summary>
/// The node's log: a line each, from actors and from the web server alike, to the standard output
/// or to a file. A line never holds a control character that a message brought along.
/// </summary>
internal sealed class NodeLog : ILoggerProvider
{
    private readonly Lock _gate = new();
    private readonly TextWriter _output;
    private readonly Severity _least;
    private readonly TimeProvider _time;

    /// <exception cref="NodeStartException">The file cannot be written.</exception>
    public NodeLog(string? file, Severity least, TimeProvider time)
    {
        (_least, _time) = (least, time);
        _output = file is null ? Console.Out : Open(file);
    }

    /// <summary>Takes what the actors log.</summary>
    public void Write(LogEvent entry) =>
        Write(entry.Timestamp, entry.LogLevel(), entry.LogSource, $"{entry.Message}", entry.Cause);

    public void Write(Severity level, string source, string message, Exception? cause = null) =>
        Write(_time.GetUtcNow(), level, source, message, cause);

    public ILogger CreateLogger(string categoryName) => new Adapter(this, categoryName);

    public void Dispose()
    {
        if (!ReferenceEquals(_output, Console.Out))
            _output.Dispose();
    }

    private void Write(
        DateTimeOffset at, Severity level, string source, string message, Exception? cause)
    {
        if (level < _least)
            return;
        var name = level.ToString()[..^"Level".Length].ToLowerInvariant();
        var text = string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c));
        lock (_gate)
        {
            _output.WriteLine($"{at:yyyy-MM-ddTHH:mm:ss.fffZ} {name,-7} {source}: {text}");
            if (cause is not null)
                _output.WriteLine(cause);
        }
    }

    private static StreamWriter Open(string file)
    {
        try
        {
            return new StreamWriter(file, append: true) { AutoFlush = true };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeStartException(
                $"--log-file {file}: it cannot be written: {e.Message} Name a file in a folder "
                + "that is there and that this user may write to", e);
        }
    }

    private sealed class Adapter(NodeLog log, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) =>
            logLevel >= Microsoft.Extensions.Logging.LogLevel.Warning;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var severity = logLevel == Microsoft.Extensions.Logging.LogLevel.Warning
                ? Severity.WarningLevel : Severity.ErrorLevel;
            log.Write(severity, source, formatter(state, exception), exception);
        }
    }
}
