namespace NovaCow.Core.Scheduling;

/// <summary>How an instance's machine is, as clients see it.</summary>
/// <param name="State">How.</param>
/// <param name="Cause">Why.</param>
/// <param name="Since">Since when, by its host's clock.</param>
public sealed record PowerInfo(PowerState State, PowerCause Cause, DateTimeOffset Since);
