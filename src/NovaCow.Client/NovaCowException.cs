namespace NovaCow.Client;

/// <summary>The API refused, failed, or could not be reached.</summary>
public sealed class NovaCowException(Problem problem, Exception? cause = null)
    : Exception(problem.Detail ?? problem.Title ?? "unknown problem", cause)
{
    /// <summary>The code of a problem that is not the API's answer: nobody answered.</summary>
    public const string UnreachableCode = "Unreachable";

    /// <summary>Whether the request was sent more than once.</summary>
    internal bool WasRepeated { get; private init; }

    /// <summary>The same, of a request that was tried under this policy.</summary>
    internal NovaCowException After(RetryPolicy policy) =>
        new(Problem, InnerException) { WasRepeated = policy.HasRepeated };

    /// <summary>What the API said; status 0 when nobody answered.</summary>
    public Problem Problem { get; } = problem;
}
