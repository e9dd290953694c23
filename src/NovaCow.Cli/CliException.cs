namespace NovaCow.Cli;

/// <summary>A failure with its message for a person and its exit code for a script.</summary>
public sealed class CliException(int exitCode, string message) : Exception(message)
{
    /// <summary>One of <see cref="Cli.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
