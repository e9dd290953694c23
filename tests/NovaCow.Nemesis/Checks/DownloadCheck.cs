using NovaCow.Nemesis.Fleet;

namespace NovaCow.Nemesis.Checks;

/// <summary>One download of an image by a host for each need: once in a process's life, and not at
/// all when the base is there. Pure.</summary>
internal static class DownloadCheck
{
    /// <param name="downloads">What the image server saw.</param>
    /// <param name="isHost">Whether a node is a host; control nodes fetch what they register.
    /// </param>
    /// <param name="mayRepeat">Hosts whose disk was full for a while: they evict, and try again.
    /// </param>
    public static IEnumerable<string> Violations(
        IEnumerable<Download> downloads, Func<string, bool> isHost, IReadOnlySet<string> mayRepeat)
    {
        var byLife = downloads.Where(d => isHost(d.Node))
            .GroupBy(d => (d.Node, d.ProcessId, d.Image));
        foreach (var life in byLife)
        {
            var who = $"{life.Key.Node} (process {life.Key.ProcessId})";
            if (life.Any(d => d.Beside > 0))
                yield return $"{who} fetched {life.Key.Image} twice at the same time";
            if (mayRepeat.Contains(life.Key.Node))
                continue;
            if (life.Count() > 1)
                yield return $"{who} fetched {life.Key.Image} {life.Count()} times";
            if (life.Any(d => d.HadBase))
                yield return $"{who} fetched {life.Key.Image}, whose base it had";
        }
    }
}
