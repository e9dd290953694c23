namespace NovaCow.Client;

/// <summary>What one try of a request came to.</summary>
internal enum TryOutcome
{
    /// <summary>Nobody was reached: it was not taken.</summary>
    Unreached,

    /// <summary>The connection ended before an answer: it may have been taken.</summary>
    Lost,

    /// <summary>No control node led in time: it may have been taken.</summary>
    NoLeader,

    /// <summary>It was answered, or another try would end the same.</summary>
    Final,
}

/// <summary>
/// Which requests are tried again, and how soon. Pure. What was not taken may always be; what may
/// have been taken, only where twice is the same as once.
/// </summary>
/// <param name="Endpoints">How many control nodes there are to ask.</param>
/// <param name="IsRepeatable">Whether twice is the same as once.</param>
internal sealed record RetryPolicy(int Endpoints, bool IsRepeatable)
{
    /// <summary>No try begins later than this after the first one failed: a leader has its
    /// successor by then. A try that lasted longer than that was waiting with a leader, who went:
    /// what follows it has as long again.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(2);

    /// <summary>Where nobody listens at all, or whoever does ends every connection, waiting longer
    /// is of no use.</summary>
    private const int MaxRounds = 3;

    private int Tries { get; init; }

    private int TimesLost { get; init; }

    private bool WasThere { get; init; }

    /// <summary>When the trouble began.</summary>
    private TimeSpan Since { get; init; }

    /// <summary>Whether there was more than one try.</summary>
    public bool HasRepeated => Tries > 0;

    /// <summary>What follows a try.</summary>
    /// <param name="outcome">What it came to.</param>
    /// <param name="elapsed">Since the first try began.</param>
    /// <param name="took">How much of that this one took.</param>
    /// <returns>The policy of the next try and the pause before it; null: there is none.</returns>
    public (RetryPolicy Next, TimeSpan Pause)? After(
        TryOutcome outcome, TimeSpan elapsed, TimeSpan took = default)
    {
        var next = this with
        {
            Tries = Tries + 1,
            TimesLost = TimesLost + (outcome == TryOutcome.Lost ? 1 : 0),
            WasThere = WasThere || outcome != TryOutcome.Unreached,
            Since = Tries == 0 || took > GiveUpAfter ? elapsed : Since,
        };
        var goesOn = outcome switch
        {
            TryOutcome.Unreached => WasThere || next.Tries < MaxRounds * Endpoints,
            TryOutcome.Lost => IsRepeatable && next.TimesLost < MaxRounds * Endpoints,
            TryOutcome.NoLeader => IsRepeatable,
            _ => false,
        };
        if (!goesOn || elapsed - next.Since >= GiveUpAfter)
            return null;
        // The others are asked at once; a pause comes when all have been.
        if (next.Tries % Endpoints != 0)
            return (next, TimeSpan.Zero);
        var pause = FirstPause * Math.Pow(2, Math.Min((next.Tries / Endpoints) - 1, 10));
        return (next, pause < MaxPause ? pause : MaxPause);
    }

    /// <summary>Set on a request whose path does not say whether it may be made twice.</summary>
    public static readonly HttpRequestOptionsKey<bool> SameTwice = new("novacow.same-twice");

    /// <summary>Whether a request may be made twice, by what it says of itself or else by its path.
    /// </summary>
    public static bool MayRepeat(HttpRequestMessage request) =>
        request.Options.TryGetValue(SameTwice, out var isSame)
            ? isSame : MayRepeat(request.Method, request.RequestUri!.OriginalString);

    /// <summary>Whether a request may be made twice. Launches bring their instances' ids, images
    /// their names: the second is answered as the first. What a host or a machine is to be, it is
    /// once and twice.</summary>
    public static bool MayRepeat(HttpMethod method, string path) =>
        method != HttpMethod.Post || path.Split('/') switch
        {
            ["v1", var one] => one is "instances" or "images" or "placement" or "join" or "renew"
                or "join-tokens",
            ["v1", "hosts", _, var verb] => verb is "cordon" or "uncordon" or "drain" or "empty",
            ["v1", "instances", _, var verb] => verb is "start" or "stop" or "capture",
            _ => false,
        };
}
