namespace NovaCow.Core;

/// <summary>What an idempotent step did: found the thing as asked, or made it.</summary>
/// <param name="Value">The thing.</param>
/// <param name="Created">False when it was already there.</param>
public readonly record struct Ensured<T>(T Value, bool Created);
