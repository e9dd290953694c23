using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Sqlite;
using NovaCow.Testing.Postgres;

namespace NovaCow.Node.Tests.Cli;

public sealed class StoreCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-store-cli-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_file_moves_to_a_database_and_the_next_epoch_is_higher()
    {
        Assert.SkipWhen(PrivatePostgres.Unavailable is not null, PrivatePostgres.Unavailable ?? "");
        await using var server = await PrivatePostgres.StartAsync();
        var url = await server.CreateDatabaseAsync("d");
        await server.CreateRoleAsync("node");
        var (file, export) = (At("control.db"), At("backup.jsonl"));
        await FillAsync(file);

        var (exit, _, error) = await RunAsync("store", "export", export, "--store", file);
        Assert.Equal(ExitCode.TryAgain, exit);
        Assert.Contains("a-1 at http://here leads", error);
        Assert.False(File.Exists(export));
        Assert.Equal(
            (ExitCode.Success, "", "exported 1 streams, 1 events, 0 snapshots, 1 leases\n"),
            await RunAsync("store", "export", export, "--store", file, "--online"));

        (exit, _, error) = await RunAsync("store", "import", export, "--store", url);
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("novacow store migrate", error);
        (exit, var output, _) = await RunAsync(
            "store", "migrate", "--store", url, "--role", "node");
        Assert.Equal(ExitCode.Success, exit);
        Assert.Contains("its schema is version 1 now, it was 0; role node may", output);
        Assert.Equal(
            ExitCode.Success, (await RunAsync("store", "import", export, "--store", url)).Exit);
        Assert.Equal(
            ExitCode.Conflict, (await RunAsync("store", "import", export, "--store", url)).Exit);

        var config = At("node.conf");
        await File.WriteAllTextAsync(
            config, $"novacow.control.store = \"{server.Url("d", "node")}\"", Cancelled);
        (exit, output, _) = await RunAsync("store", "check", "--config", config, "--json");
        var report = JsonDocument.Parse(output).RootElement;
        // The event is not one of a scheduler's.
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("event 1: unknown message manifest 'm'", report.GetProperty("problems")[0]
            .GetString());
        Assert.Equal(1, report.GetProperty("leases")[0].GetProperty("epoch").GetInt64());
        Assert.Equal("", report.GetProperty("leases")[0].GetProperty("holder").GetString());
    }

    [Fact]
    public async Task A_sound_store_is_said_to_be_sound()
    {
        await using (await SqliteStore.OpenAsync(At("control.db"), Cancelled))
        {
        }

        var (exit, output, _) = await RunAsync("store", "check", "--store", At("control.db"));

        Assert.Equal(ExitCode.Success, exit);
        Assert.EndsWith("sound\n", output);
    }

    [Theory]
    [InlineData(ExitCode.Failed, "no such file", "check", "--store", "/no/such.db")]
    [InlineData(ExitCode.Usage, "password-file", "check", "--store", "postgresql://a:b@h/d")]
    [InlineData(ExitCode.Usage, "one of them", "check", "--store", "/x", "--config", "/y")]
    [InlineData(ExitCode.NotFound, "/no/such", "import", "/no/such", "--store", "/no/such.db")]
    public async Task A_mistake_is_told_in_one_line(int code, string told, params string[] args)
    {
        var (exit, _, error) = await RunAsync(["store", .. args]);

        Assert.Equal(code, exit);
        Assert.Contains(told, error);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private static async Task FillAsync(string file)
    {
        await using var store = await SqliteStore.OpenAsync(file, Cancelled);
        var lease = await store.AcquireLeaseAsync(
            new("scheduler", "a-1", "http://here", TimeSpan.FromHours(1)), Cancelled);
        await store.AppendAsync(
            new("s", 1, [new("m", new byte[] { 1 })], new Fence("scheduler", lease.Epoch)),
            Cancelled);
    }

    private static Task<(int Exit, string Output, string Error)> RunAsync(params string[] args) =>
        OfflineCommandTests.RunAsync(args);
}
