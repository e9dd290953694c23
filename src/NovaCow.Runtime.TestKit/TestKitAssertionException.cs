namespace NovaCow.Runtime.TestKit;

/// <summary>What a test expected did not happen.</summary>
public sealed class TestKitAssertionException(string message, Exception? cause = null)
    : Exception(message, cause);
