using System.Diagnostics;
using NovaCow.Testing.Postgres;

namespace NovaCow.Store.Tests.Postgres;

/// <summary>The server that other tests rest on.</summary>
public sealed class PrivatePostgresTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_keeps_what_was_committed_and_its_port_when_it_is_killed_and_restarted()
    {
        await using var server = await StartAsync();
        await server.CreateDatabaseAsync("d");
        await server.SqlAsync("CREATE TABLE t (i int); INSERT INTO t VALUES (7)", "d");
        var port = server.Port;

        await server.KillAsync();
        await server.RestartAsync();
        await server.StopAsync(immediate: true);
        await server.RestartAsync();

        Assert.Equal("7", await server.SqlAsync("SELECT i FROM t", "d"));
        Assert.Equal("on|on", await server.SqlAsync(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit')"));
        Assert.Equal(port, server.Port);
    }

    [Fact]
    public async Task Nothing_is_left_of_it_when_it_is_disposed()
    {
        var server = await StartAsync();
        var folder = Path.GetDirectoryName(server.LogPath);
        var postmaster = server.ProcessId;
        Assert.True(Directory.Exists($"/proc/{postmaster}"));

        await server.DisposeAsync();

        Assert.False(Directory.Exists(folder));
        Assert.False(Directory.Exists($"/proc/{postmaster}"));
    }

    [Fact]
    public async Task Nothing_is_left_of_it_when_the_process_that_started_it_is_killed()
    {
        Assert.SkipWhen(PrivatePostgres.Unavailable is not null, PrivatePostgres.Unavailable ?? "");
        using var child = new ChildProcess("postgres");
        var folder = await child.Output.ReadLineAsync(Cancelled);
        Assert.True(Directory.Exists(folder));

        child.Kill();

        var start = Stopwatch.GetTimestamp();
        while (Directory.Exists(folder))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1), folder);
            await Task.Delay(20, Cancelled);
        }
    }

    private static Task<PrivatePostgres> StartAsync()
    {
        Assert.SkipWhen(PrivatePostgres.Unavailable is not null, PrivatePostgres.Unavailable ?? "");
        return PrivatePostgres.StartAsync();
    }
}
