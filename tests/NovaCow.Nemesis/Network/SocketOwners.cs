using System.Globalization;

namespace NovaCow.Nemesis.Network;

/// <summary>Asks the kernel which process has the other end of a connection on this machine.
/// </summary>
internal static class SocketOwners
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Which of these processes has a socket with that local port; null: none.</summary>
    public static int? Find(int port, IEnumerable<int> processIds)
    {
        var links = InodesOf(port).Select(inode => $"socket:[{inode}]").ToHashSet();
        if (links.Count == 0)
            return null;
        foreach (var id in processIds)
        {
            if (Has(id, links))
                return id;
        }

        return null;
    }

    private static IEnumerable<string> InodesOf(int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var table in Tables.Where(File.Exists))
        {
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words[1].EndsWith(suffix, StringComparison.Ordinal) && words[9] != "0")
                    yield return words[9];
            }
        }
    }

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
