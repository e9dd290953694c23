namespace NovaCow.Security;

/// <summary>A certificate, a key or a token cannot be made or used. The message names it, the
/// cause and the remedy.</summary>
public sealed class SecurityException(string message, Exception? cause = null)
    : Exception(message, cause);
