namespace NovaCow.Images;

/// <summary>The bounds within which images are fetched over HTTP.</summary>
public sealed record HttpImageOptions
{
    /// <summary>The configuration key of <see cref="AllowedHosts"/>, as errors name it.</summary>
    public const string AllowedHostsKey = "novacow.images.http.allowed-hosts";

    /// <summary>
    /// The hosts that images may come from, redirects included: <c>host</c>, <c>*.domain</c>
    /// (whatever is below it), either with <c>:port</c>. Empty: any host.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>How long a connection, a response or a body may bring nothing.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many tries in a row may bring nothing new before a fetch fails.</summary>
    public int MaxTries { get; init; } = 6;

    /// <summary>The pause before the second try; it doubles from there, with jitter.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause, also when the server asks for a longer one.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many redirects one try may follow.</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>How many bytes a crash of the machine may cost.</summary>
    public long CheckpointBytes { get; init; } = Checkpoints.DefaultBytes;
}
