using System.Text;

namespace NovaCow.Runtime.Actors;

public enum LogLevel
{
    DebugLevel,
    InfoLevel,
    WarningLevel,
    ErrorLevel,
    OffLevel,
}

/// <summary>One thing that was logged, published on the event stream and given to the sink.
/// </summary>
public abstract record LogEvent(
    DateTimeOffset Timestamp, string LogSource, Type LogClass, object Message, Exception? Cause)
{
    public abstract LogLevel LogLevel();

    public override string ToString()
    {
        var level = LogLevel().ToString()[..^5].ToUpperInvariant();
        var text = $"{Timestamp:yyyy-MM-ddTHH:mm:ss.fffZ} {level} {LogSource} {Message}";
        return Cause is null ? text : $"{text}{Environment.NewLine}{Cause}";
    }
}

public sealed record Debug(
    DateTimeOffset Timestamp, string LogSource, Type LogClass, object Message, Exception? Cause)
    : LogEvent(Timestamp, LogSource, LogClass, Message, Cause)
{
    public override LogLevel LogLevel() => Actors.LogLevel.DebugLevel;
}

public sealed record Info(
    DateTimeOffset Timestamp, string LogSource, Type LogClass, object Message, Exception? Cause)
    : LogEvent(Timestamp, LogSource, LogClass, Message, Cause)
{
    public override LogLevel LogLevel() => Actors.LogLevel.InfoLevel;
}

public sealed record Warning(
    DateTimeOffset Timestamp, string LogSource, Type LogClass, object Message, Exception? Cause)
    : LogEvent(Timestamp, LogSource, LogClass, Message, Cause)
{
    public override LogLevel LogLevel() => Actors.LogLevel.WarningLevel;
}

public sealed record Error(
    DateTimeOffset Timestamp, string LogSource, Type LogClass, object Message, Exception? Cause)
    : LogEvent(Timestamp, LogSource, LogClass, Message, Cause)
{
    public override LogLevel LogLevel() => Actors.LogLevel.ErrorLevel;
}

/// <summary>Logs for one source. Formats have holes, by number or by name, filled in order.
/// </summary>
public interface ILoggingAdapter
{
    bool IsDebugEnabled { get; }

    bool IsInfoEnabled { get; }

    bool IsWarningEnabled { get; }

    bool IsErrorEnabled { get; }

    void Log(LogLevel level, Exception? cause, string format, params object?[] args);

    void Debug(string format, params object?[] args);

    void Info(string format, params object?[] args);

    void Warning(string format, params object?[] args);

    void Warning(Exception cause, string format, params object?[] args);

    void Error(string format, params object?[] args);

    void Error(Exception cause, string format, params object?[] args);
}

/// <summary>Getting a logger that names the actor.</summary>
public static class LoggingExtensions
{
    /// <summary>A logger whose source is the actor's path. It may be kept and used anywhere.
    /// </summary>
    public static ILoggingAdapter GetLogger(this IActorContext context) =>
        new LoggingAdapter(
            context.System.Log, context.Self.Path.ToStringWithoutAddress(), context.Props.Type);
}

/// <summary>Decides what is logged, and hands it to the sink and to subscribers.</summary>
internal sealed class LogBus(
    EventStream events, TimeProvider time, LogLevel level, Action<LogEvent>? sink)
{
    public bool IsEnabled(LogLevel candidate) => candidate >= level;

    public void Publish(
        LogLevel candidate, ActorPath source, Type type, string message, Exception? cause = null)
    {
        if (IsEnabled(candidate))
            Publish(candidate, source.ToStringWithoutAddress(), type, message, cause);
    }

    public void Publish(
        LogLevel candidate, string source, Type type, object message, Exception? cause)
    {
        var now = time.GetUtcNow();
        LogEvent entry = candidate switch
        {
            LogLevel.DebugLevel => new Debug(now, source, type, message, cause),
            LogLevel.InfoLevel => new Info(now, source, type, message, cause),
            LogLevel.WarningLevel => new Warning(now, source, type, message, cause),
            _ => new Error(now, source, type, message, cause),
        };
        try
        {
            sink?.Invoke(entry);
        }
        catch (Exception broken)
        {
            // A sink that cannot write must not take the actors down with it.
            events.Publish(new Error(now, source, type, "the log sink failed", broken));
        }

        events.Publish(entry);
    }
}

/// <summary>A source's way to the <see cref="LogBus"/>.</summary>
internal sealed class LoggingAdapter(LogBus bus, string source, Type type) : ILoggingAdapter
{
    public bool IsDebugEnabled => bus.IsEnabled(LogLevel.DebugLevel);

    public bool IsInfoEnabled => bus.IsEnabled(LogLevel.InfoLevel);

    public bool IsWarningEnabled => bus.IsEnabled(LogLevel.WarningLevel);

    public bool IsErrorEnabled => bus.IsEnabled(LogLevel.ErrorLevel);

    public void Debug(string format, params object?[] args) =>
        Log(LogLevel.DebugLevel, null, format, args);

    public void Info(string format, params object?[] args) =>
        Log(LogLevel.InfoLevel, null, format, args);

    public void Warning(string format, params object?[] args) =>
        Log(LogLevel.WarningLevel, null, format, args);

    public void Warning(Exception cause, string format, params object?[] args) =>
        Log(LogLevel.WarningLevel, cause, format, args);

    public void Error(string format, params object?[] args) =>
        Log(LogLevel.ErrorLevel, null, format, args);

    public void Error(Exception cause, string format, params object?[] args) =>
        Log(LogLevel.ErrorLevel, cause, format, args);

    public void Log(LogLevel level, Exception? cause, string format, params object?[] args)
    {
        if (bus.IsEnabled(level))
            bus.Publish(level, source, type, Format(format, args), cause);
    }

    /// <summary>Fills <c>{0}</c> by number and <c>{Name}</c> in order of appearance. A format that
    /// does not fit its arguments is logged as it is: a log line never throws.</summary>
    internal static string Format(string format, object?[] args)
    {
        if (args.Length == 0)
            return format;
        var text = new StringBuilder(format.Length + 32);
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            var end = format[i] == '{' ? format.IndexOf('}', i) : -1;
            if (end < 0)
            {
                text.Append(format[i]);
                continue;
            }

            var hole = format.AsSpan(i + 1, end - i - 1);
            var colon = hole.IndexOf(':');
            var name = colon < 0 ? hole : hole[..colon];
            var index = int.TryParse(name, out var number) ? number : next;
            next++;
            if (index >= args.Length)
                text.Append(format, i, end - i + 1);
            else if (colon >= 0 && args[index] is IFormattable formattable)
                text.Append(formattable.ToString(hole[(colon + 1)..].ToString(), null));
            else
                text.Append(args[index]);
            i = end;
        }

        return text.ToString();
    }
}
