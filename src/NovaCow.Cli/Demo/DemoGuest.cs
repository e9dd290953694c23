using NovaCow.Client;

namespace NovaCow.Cli.Demo;

/// <summary>A machine that the demo booted, by its client's clock.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="AskedAt">When it was asked for.</param>
/// <param name="UpAt">When its guest's own first line was read; null: it did not say it in time.
/// </param>
/// <param name="Lines">What the guest said of itself, without what all its lines begin with.
/// </param>
internal sealed record DemoGuest(
    InstanceResource Instance,
    DateTimeOffset AskedAt,
    DateTimeOffset? UpAt,
    IReadOnlyList<string> Lines);
