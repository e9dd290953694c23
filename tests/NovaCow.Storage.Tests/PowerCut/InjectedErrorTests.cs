using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// A real process whose kernel fails one call: each write, sync and rename that an operation makes
/// on its store, in turn.
/// </summary>
public sealed class InjectedErrorTests : IDisposable
{
    /// <summary>A call's number is counted by thread, and a later run may spread its calls over
    /// threads otherwise.</summary>
    private const int Tries = 5;

    private readonly TempFolder _folder = new();
    private int _runs;

    public static TheoryData<string> Operations => [.. OneOperationChild.Operations];

    private string Image => _folder.File("image");

    private string Log => _folder.File("strace.log");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task An_error_of_the_kernel_is_told_publishes_nothing_and_is_got_over(
        string operation)
    {
        await Tracer.NeedAsync();
        TestImages.Raw(Image, TestImages.MiB);
        var calls = await WatchAsync(operation);
        Assert.InRange(calls.Count, 3, 40);
        HashSet<string> failed = [];
        foreach (var call in calls)
        {
            if (await FailAsync(operation, call, "EIO", LaunchErrorCode.VolumeDriver))
                failed.Add(call.Call + call.Path);
            if (call.Call != "fsync" && call.Path != "lock")
                await FailAsync(operation, call, "ENOSPC", LaunchErrorCode.InsufficientStorage);
        }

        Assert.Equal(calls.Select(c => c.Call + c.Path).ToHashSet(), failed);
    }

    /// <summary>The calls that the operation makes when nothing fails.</summary>
    private async Task<IReadOnlyList<TracedCall>> WatchAsync(string operation)
    {
        var root = await PrepareAsync(operation);
        var ended = await OneOperationChild.RunAsync(
            Tracer.Watching(Log), operation, root, Image);
        Assert.Equal("acknowledged", ended);
        return Tracer.Read(Log, root);
    }

    private async Task<bool> FailAsync(
        string operation, TracedCall call, string error, LaunchErrorCode code)
    {
        for (var i = 0; i < Tries; i++)
        {
            var root = await PrepareAsync(operation);
            var before = Published(root);
            var ended = await OneOperationChild.RunAsync(
                Tracer.Failing(call, root, error, Log), operation, root, Image);
            if (Tracer.CountAfterFailure(Log) is not { } later)
                continue;
            Assert.Equal($"failed {code}", ended);
            if (call.Call == "fsync")
                Assert.True(later == 0, $"{call.Path} was synced again after a failure");
            await CheckAsync(operation, root, before);
            return true;
        }

        return false;
    }

    private async Task CheckAsync(string operation, string root, string[] before)
    {
        // A failed removal may have begun; nothing that is new may be left.
        Assert.Empty(Published(root).Except(before));
        using (var host = StoreWork.Open(root, DriverName.Qcow2, new StoreFiles()))
        {
            var found = await host.Driver.ListAsync(default);
            Assert.Equal(
                found.Bases.Select(b => $"bases/{b.Key}")
                    .Concat(found.Disks.Keys.Select(k => $"instances/{k}"))
                    .Order(StringComparer.Ordinal),
                Entries(root));
        }

        await OneOperationChild.ActAsync(operation, root, Image);
    }

    private async Task<string> PrepareAsync(string operation)
    {
        var root = _folder.File($"store-{_runs++}");
        await OneOperationChild.PrepareAsync(root, operation);
        return root;
    }

    /// <summary>What a start would serve: bases under their names, and records.</summary>
    private static string[] Published(string root) =>
    [
        .. Entries(root).Where(e => e.StartsWith("instances/", StringComparison.Ordinal)
            ? File.Exists(Path.Combine(root, e, "instance.json"))
            : !e.StartsWith("bases/.", StringComparison.Ordinal)),
    ];

    private static IEnumerable<string> Entries(string root) =>
        ((string[])["bases", "instances"])
            .SelectMany(f => Directory.GetFileSystemEntries(Path.Combine(root, f)))
            .Select(p => Path.GetRelativePath(root, p))
            .Order(StringComparer.Ordinal);
}
