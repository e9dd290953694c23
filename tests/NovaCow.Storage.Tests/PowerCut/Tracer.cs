using System.Text.RegularExpressions;

namespace NovaCow.Storage.Tests;

/// <summary>A system call that a traced child makes on a file of its store.</summary>
/// <param name="Call">Its name.</param>
/// <param name="Path">The file, relative to the store; of a rename the old name.</param>
/// <param name="Occurrence">Which one of this thread's, from 1.</param>
internal sealed record TracedCall(string Call, string Path, int Occurrence);

/// <summary>strace around a child: says which calls it makes, and fails one of them.</summary>
internal static partial class Tracer
{
    private const string Calls = "fsync,pwrite64,/^rename";

    /// <summary>Skips the test where no process may trace another.</summary>
    public static async Task NeedAsync()
    {
        TestTool.Need("strace");
        var (code, _, error) = await TestTool.TryRunAsync("strace", "-o", "/dev/null", "true");
        if (code != 0)
            Assert.Skip($"strace may not trace here: {error.Trim()}");
    }

    public static string[] Watching(string log) =>
        ["strace", "-f", "-y", "-s", "0", "-e", $"trace={Calls}", "-o", log];

    /// <summary>Fails one call, and logs all of that kind on the same path.</summary>
    public static string[] Failing(TracedCall call, string root, string error, string log) =>
    [
        "strace", "-f", "-y", "-s", "0", "-P", Path.Combine(root, call.Path),
        "-e", $"trace={call.Call}",
        "-e", FormattableString.Invariant(
            $"inject={call.Call}:error={error}:when={call.Occurrence}"),
        "-o", log,
    ];

    /// <summary>The calls on files of the store, in order, each with which of its kind it is.
    /// </summary>
    public static IReadOnlyList<TracedCall> Read(string log, string root)
    {
        Dictionary<(string Thread, string Call, string Path), int> seen = [];
        List<TracedCall> calls = [];
        foreach (var line in File.ReadLines(log))
        {
            if (CallLine().Match(line) is not { Success: true } match)
                continue;
            var path = PathName().Match(line).Groups[1].Value;
            if (!path.StartsWith(root + "/", StringComparison.Ordinal))
                continue;
            var key = (match.Groups[1].Value, match.Groups[2].Value, path[(root.Length + 1)..]);
            seen[key] = seen.GetValueOrDefault(key) + 1;
            calls.Add(new TracedCall(key.Item2, key.Item3, seen[key]));
        }

        return calls;
    }

    /// <summary>How often a call was logged after the one that was failed; null: none was.
    /// </summary>
    public static int? CountAfterFailure(string log)
    {
        var lines = File.ReadAllLines(log).Where(l => CallLine().IsMatch(l)).ToList();
        var failed = lines.FindIndex(l => l.EndsWith("(INJECTED)", StringComparison.Ordinal));
        return failed < 0 ? null : lines.Count - failed - 1;
    }

    [GeneratedRegex(@"^(\d+) +(fsync|pwrite64|rename\w*)\(")]
    private static partial Regex CallLine();

    [GeneratedRegex("""[<"](/[^>"]*)[>"]""")]
    private static partial Regex PathName();
}
