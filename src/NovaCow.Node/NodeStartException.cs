namespace NovaCow.Node;

/// <summary>The node cannot start; the message names the thing, the cause and the remedy.</summary>
public sealed class NodeStartException(string message, Exception? cause = null)
    : Exception(message, cause);
