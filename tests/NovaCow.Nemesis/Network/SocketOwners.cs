using System.Globalization;

namespace NovaCow.Nemesis.Network;

/// <summary>Asks the kernel which process has the other end of a connection on this machine.
/// </summary>
internal static class SocketOwners
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Which of these processes has the end of a connection with that port, whose other
    /// end has the other; null: none. The kernel gives one port to several connections that go to
    /// different servers.</summary>
    public static int? Find(int port, int otherPort, IEnumerable<int> processIds)
    {
        var links = InodesOf(port, otherPort).Select(inode => $"socket:[{inode}]").ToHashSet();
        if (links.Count == 0)
            return null;
        foreach (var id in processIds)
        {
            if (Has(id, links))
                return id;
        }

        return null;
    }

    private static IEnumerable<string> InodesOf(int port, int otherPort)
    {
        var (own, other) = (SuffixOf(port), SuffixOf(otherPort));
        foreach (var table in Tables.Where(File.Exists))
        {
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words[1].EndsWith(own, StringComparison.Ordinal)
                    && words[2].EndsWith(other, StringComparison.Ordinal) && words[9] != "0")
                {
                    yield return words[9];
                }
            }
        }
    }

    private static string SuffixOf(int port) =>
        ":" + port.ToString("X4", CultureInfo.InvariantCulture);

    private static bool Has(int processId, HashSet<string> links)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd")
                .Any(fd => new FileInfo(fd).LinkTarget is { } link && links.Contains(link));
        }
        catch (IOException)
        {
            // It has just ended.
            return false;
        }
    }
}
