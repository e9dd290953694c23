using NovaCow.Client;
using Spectre.Console;

namespace NovaCow.Cli;

/// <summary>Shows what the cluster does while a call takes long, for a person who watches.
/// </summary>
internal static class ProgressView
{
    /// <summary>Runs a call; when a person watches, with bars for downloads and conversions.
    /// </summary>
    public static async Task<T> WhileAsync<T>(
        Terminal terminal, NovaCowClient client, Func<Task<T>> call, CancellationToken ct)
    {
        if (!terminal.IsInteractive)
            return await call();
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        return await terminal.ProgressConsole().Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new SpinnerColumn())
            .StartAsync(async view =>
            {
                var follow = FollowAsync(view, client, done.Token);
                try
                {
                    return await call();
                }
                finally
                {
                    await done.CancelAsync();
                    await follow;
                }
            });
    }

    private static async Task FollowAsync(
        ProgressContext view, NovaCowClient client, CancellationToken ct)
    {
        Dictionary<string, ProgressTask> bars = [];
        try
        {
            await foreach (var e in client.FollowEventsAsync(null, ct))
            {
                if (e.DoneBytes is { } bytes)
                    Advance(view, bars, e, bytes);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or NovaCowException or IOException)
        {
            // The call itself tells what went wrong; bars are only company.
        }
    }

    private static void Advance(
        ProgressContext view, Dictionary<string, ProgressTask> bars, ClusterEvent e, long bytes)
    {
        var key = $"{e.Host}/{e.Subject}/{e.Message}";
        if (!bars.TryGetValue(key, out var bar))
        {
            var label = Terminal.Printable($"{e.Host} {e.Message}");
            bars[key] = bar = view.AddTask(Markup.Escape(label), maxValue: e.TotalBytes ?? 1);
            bar.IsIndeterminate = e.TotalBytes is null;
        }

        bar.Value = bytes;
    }
}
