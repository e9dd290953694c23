using System.Net;
using System.Net.Sockets;
using NovaCow.Runtime.Persistence;
using NovaCow.Store.Postgres;

namespace NovaCow.Store.Tests.Postgres;

/// <summary>What a store in PostgreSQL refuses, and what a node's role can do without the rights of
/// the owner.</summary>
public sealed class PostgresRefusalTests(PostgresServer server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_schema_that_is_not_migrated_is_refused_with_the_command_that_does_it()
    {
        var options = PostgresServer.Options(await server.NewDatabaseAsync());

        var failure = await RefusedAsync(options);

        Assert.Contains("its tables are not there yet", failure.Message);
        Assert.Contains($"novacow store migrate --store {options.Address}", failure.Message);
        await using var store = await PostgresStore.OpenAsync(
            options with { Migrate = true }, Cancelled);
        await store.AppendAsync(new("s", 1, [new("m", default)], null), Cancelled);
    }

    [Fact]
    public async Task A_schema_of_a_newer_program_is_refused_by_number()
    {
        var options = await server.NewStoreAsync();
        var postgres = await server.StartedAsync();
        await postgres.SqlAsync(
            "INSERT INTO novacow.schema_version VALUES (9)", options.Address.Database);

        Assert.Contains(
            "its schema is version 9, this NovaCow knows 1", (await RefusedAsync(options)).Message);
        Assert.Contains(
            "its schema is version 9",
            (await RefusedAsync(options with { Migrate = true })).Message);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_the_right_one_is_taken_from_its_file()
    {
        const string role = "with_password";
        using var folder = new ScratchFolder();
        var postgres = await server.StartedAsync();
        await postgres.CreateRoleAsync(role, "right");
        var owner = await server.NewStoreAsync();
        await PostgresStore.MigrateAsync(owner with { Role = role }, Cancelled);
        var options = PostgresServer.Options(postgres.Url(owner.Address.Database, role))
            with { PasswordFile = folder.File("password") };

        var missing = await RefusedAsync(options);
        Assert.Contains(folder.File("password"), missing.Message);

        await File.WriteAllTextAsync(folder.File("password"), "s3cret-but-wrong\n", Cancelled);
        var wrong = await RefusedAsync(options);
        Assert.Contains("password-file", wrong.Message);
        Assert.DoesNotContain("s3cret", wrong.ToString());

        await File.WriteAllTextAsync(folder.File("password"), "right\n", Cancelled);
        await using var store = await PostgresStore.OpenAsync(options, Cancelled);
        Assert.Equal(0, await store.ReadHighestSequenceNrAsync("s", Cancelled));
    }

    [Fact]
    public async Task An_address_where_nothing_listens_and_one_that_never_answers_are_both_told()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var silentPort = ((IPEndPoint)silent.LocalEndpoint).Port;

        var refused = await RefusedAsync(
            PostgresServer.Options("postgresql://novacow@127.0.0.1:1/novacow"));
        var unanswered = await RefusedAsync(
            PostgresServer.Options($"postgresql://novacow@127.0.0.1:{silentPort}/novacow"));

        Assert.Contains("postgresql://novacow@127.0.0.1:1/novacow", refused.Message);
        Assert.Contains("cannot be reached", refused.Message);
        Assert.Contains("did not answer in time", unanswered.Message);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_told()
    {
        var postgres = await server.StartedAsync();

        var failure = await RefusedAsync(PostgresServer.Options(postgres.Url("nowhere")));

        Assert.Contains("there is no such database", failure.Message);
    }

    [Fact]
    public async Task A_role_that_was_let_in_by_migrating_does_all_that_a_node_does_and_no_more()
    {
        const string role = "node_role";
        var postgres = await server.StartedAsync();
        await postgres.CreateRoleAsync(role);
        var owner = await server.NewStoreAsync();
        var node = PostgresServer.Options(postgres.Url(owner.Address.Database, role));
        Assert.Contains("novacow store migrate", (await RefusedAsync(node)).Message);
        await PostgresStore.MigrateAsync(owner with { Role = role }, Cancelled);

        await using var store = await PostgresStore.OpenAsync(node, Cancelled);
        var lease = await store.AcquireLeaseAsync(
            new("lead", "a", "here", TimeSpan.FromMinutes(1)), Cancelled);
        var fence = new Fence("lead", lease.Epoch);
        StoredPayload payload = new("m", new byte[] { 1 });
        await store.AppendAsync(new("s", 1, [payload, payload], fence), Cancelled);
        await store.SaveSnapshotAsync(new("s", 2, payload), fence, Cancelled);
        await store.DeleteEventsAsync("s", 1, fence, Cancelled);
        Assert.Equal(2, await store.ReadHighestSequenceNrAsync("s", Cancelled));
        await store.ReleaseLeaseAsync("lead", "a", Cancelled);
        await using (var view = await store.OpenViewAsync(Cancelled))
            Assert.Single(await view.LeasesAsync(Cancelled));

        foreach (var sql in (string[])
        [
            "DROP TABLE novacow.event", "TRUNCATE novacow.event", "CREATE TABLE novacow.t (i int)",
            "ALTER TABLE novacow.event ADD COLUMN i int",
            "INSERT INTO novacow.schema_version VALUES (2)",
        ])
        {
            var denied = await Assert.ThrowsAsync<InvalidOperationException>(
                () => postgres.SqlAsync($"SET ROLE {role}; {sql}", owner.Address.Database));
            Assert.Matches("permission denied|must be owner", denied.Message);
        }
    }

    [Fact]
    public async Task An_append_that_the_server_cannot_hold_leaves_those_committed_with_it_alone()
    {
        await using var store = await PostgresStore.OpenAsync(
            await server.NewStoreAsync(), Cancelled);

        var appends = Enumerable.Range(0, 100)
            .Select(i => store.AppendAsync(
                new($"s{i}", 1, [new(i % 10 == 0 ? "nul \0" : "m", default)], null), Cancelled))
            .ToList();
        await Task.WhenAll(appends).ContinueWith(_ => { }, TaskScheduler.Default);

        for (var i = 0; i < appends.Count; i++)
        {
            Assert.Equal(i % 10 != 0, appends[i].IsCompletedSuccessfully);
            Assert.Equal(
                i % 10 == 0 ? 0 : 1, await store.ReadHighestSequenceNrAsync($"s{i}", Cancelled));
        }
    }

    [Fact]
    public async Task Processes_that_migrate_at_once_make_one_schema()
    {
        var url = await server.NewDatabaseAsync();

        var children = Enumerable.Range(0, 4)
            .Select(i => new ChildProcess("write", url, $"stream{i}", "10"))
            .ToList();
        foreach (var child in children)
        {
            Assert.Equal(0, await child.ExitAsync(Cancelled));
            child.Dispose();
        }

        await using var store = await PostgresStore.OpenAsync(
            PostgresServer.Options(url), Cancelled);
        for (var i = 0; i < 4; i++)
            Assert.Equal(20, await Acknowledged.LastOfUnbrokenAsync(store, $"stream{i}"));
    }

    [Theory]
    [InlineData("postgres://a@h/d", "expected postgresql://")]
    [InlineData("postgresql://h/d", "expected postgresql://")]
    [InlineData("postgresql://a@h", "expected postgresql://")]
    [InlineData("postgresql://a@h/d/e", "expected postgresql://")]
    [InlineData("postgresql://a:hunter2@h/d", "password-file")]
    [InlineData("postgresql://a@h/d?sslmode=maybe", "verify-full")]
    [InlineData("postgresql://a@h/d?options=-c", "'options'")]
    public void A_wrong_url_is_told_with_its_remedy_and_without_its_password(
        string url, string remedy)
    {
        Assert.False(PostgresAddress.TryParse(url, out _, out var problem));
        Assert.Contains(remedy, problem);
        Assert.DoesNotContain("hunter2", problem);
    }

    [Fact]
    public void A_url_says_host_port_user_and_database()
    {
        Assert.True(PostgresAddress.TryParse(
            "postgresql://me%40here@[::1]:6000/db?sslmode=verify-full&sslrootcert=/ca.pem",
            out var address, out _));
        Assert.Equal(
            ("::1", 6000, "me@here", "db"),
            (address!.Host, address.Port, address.User, address.Database));
        Assert.True(PostgresAddress.TryParse("postgresql://a@h/d", out address, out _));
        Assert.Equal("postgresql://a@h:5432/d", address!.ToString());
    }

    private static Task<StoreException> RefusedAsync(PostgresOptions options) =>
        Assert.ThrowsAsync<StoreException>(async () =>
        {
            await using var store = await PostgresStore.OpenAsync(options, Cancelled);
        });
}
