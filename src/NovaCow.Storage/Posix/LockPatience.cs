namespace NovaCow.Storage;

/// <summary>
/// How long a lock that seems held is tried for: 2.5 s in all. A process that is being started
/// holds copies of all that its parent has open, locks and leases too, until its own program
/// begins, which is a moment, and longer where there are more processes than processors.
/// </summary>
internal static class LockPatience
{
    private const int Tries = 8;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Tries with growing pauses. It blocks.</summary>
    /// <param name="tryTake">Tries once, and says whether it has it.</param>
    /// <param name="pause">Lets so much time pass.</param>
    /// <returns>False: it stayed held.</returns>
    public static bool Takes(Func<bool> tryTake, Action<TimeSpan> pause)
    {
        var next = s_firstPause;
        for (var tried = 1; !tryTake(); tried++)
        {
            if (tried == Tries)
                return false;
            pause(next);
            next *= 2;
        }

        return true;
    }
}
