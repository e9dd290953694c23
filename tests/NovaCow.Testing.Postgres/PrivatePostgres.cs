using System.Diagnostics;
using System.Globalization;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Testing.Postgres;

/// <summary>
/// A PostgreSQL server of a test's own, in a temporary folder, on a loopback port and a socket in
/// that folder. It owns the server and the folder: both go when it is disposed, and also when this
/// process is killed.
/// </summary>
/// <remarks>
/// Over TCP the role <see cref="Owner"/>, which is no superuser and owns the databases made here,
/// needs no password, and neither does any other role but the members of
/// <see cref="NeedsPassword"/>; the superuser is reached through the socket only. What was
/// committed is synced.
/// </remarks>
public sealed class PrivatePostgres : IAsyncDisposable
{
    /// <summary>The role that owns every database made here.</summary>
    public const string Owner = "novacow";

    /// <summary>The group of roles that must give their password.</summary>
    public const string NeedsPassword = "needs_password";

    private const string Superuser = "postgres";

    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(150);

    /// <summary>
    /// Runs the server and waits for the name of the signal that is to end it. The end of the
    /// input means that whoever started this is gone: then nothing may be left.
    /// </summary>
    private const string Keeper = """
        folder=$1; shift
        trap : INT TERM
        "$@" >>"$folder/log" 2>&1 & pid=$!
        echo $pid
        read -r signal || gone=1
        kill -"${signal:-QUIT}" $pid 2>/dev/null
        wait $pid 2>/dev/null
        [ -z "$gone" ] || rm -rf "$folder"
        """;

    private readonly string _folder;
    private Process? _keeper;
    private bool _hasAnswered;

    private PrivatePostgres(string folder) => _folder = folder;

    /// <summary>Why no server can be started on this machine; null when one can.</summary>
    public static string? Unavailable => PostgresBinaries.Problem;

    /// <summary>The port on 127.0.0.1; the same after a restart.</summary>
    public int Port { get; private set; }

    /// <summary>The postmaster's process id, to pause it; 0 while it is stopped.</summary>
    public int ProcessId { get; private set; }

    /// <summary>The server's log.</summary>
    public string LogPath => Path.Combine(_folder, "log");

    private string DataPath => Path.Combine(_folder, "data");

    /// <summary>Makes a server and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It cannot be made; see
    /// <see cref="Unavailable"/>.</exception>
    public static async Task<PrivatePostgres> StartAsync()
    {
        if (Unavailable is { } problem) throw new InvalidOperationException(problem);
        var server = new PrivatePostgres(
            Directory.CreateTempSubdirectory("novacow-postgres-").FullName);
        try
        {
            await server.CreateAsync();
            await server.RunAsync();
            await server.SqlAsync(
                $"CREATE ROLE {Owner} LOGIN CREATEDB CREATEROLE; CREATE ROLE {NeedsPassword}");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where a database is reached, as <see cref="Owner"/> or as another role.</summary>
    public string Url(string database, string role = Owner) =>
        string.Create(
            CultureInfo.InvariantCulture, $"postgresql://{role}@127.0.0.1:{Port}/{database}");

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its URL.</returns>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await SqlAsync($"CREATE DATABASE {name} OWNER {Owner}");
        return Url(name);
    }

    /// <summary>Makes a role that may log in and nothing else.</summary>
    /// <param name="name">The role.</param>
    /// <param name="password">What it must give; null for nothing.</param>
    public Task CreateRoleAsync(string name, string? password = null) => SqlAsync(
        password is null
            ? $"CREATE ROLE {name} LOGIN"
            : $"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {NeedsPassword}");

    /// <summary>Runs SQL as the superuser.</summary>
    /// <returns>What it printed: a line for each row, columns parted by bars.</returns>
    public Task<string> SqlAsync(string sql, string database = "postgres") => ExecuteAsync(
        PostgresBinaries.Command(
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", _folder,
            "-p", $"{Port}", "-U", Superuser, "-d", database, "-c", sql));

    /// <summary>Stops the server, if it runs, and starts it again on the same port.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await RunAsync();
    }

    /// <summary>Ends the server and its connections.</summary>
    /// <param name="immediate">Without a checkpoint: the next start recovers from the log.</param>
    public Task StopAsync(bool immediate = false) => EndAsync(immediate ? "QUIT" : "INT");

    /// <summary>Ends the postmaster with SIGKILL, as a crash does.</summary>
    public Task KillAsync() => EndAsync("KILL");

    /// <summary>Ends the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await EndAsync("QUIT");
        }
        finally
        {
            await ExecuteAsync(["rm", "-rf", _folder]);
        }
    }

    private async Task CreateAsync()
    {
        await ExecuteAsync(PostgresBinaries.Own(_folder));
        await ExecuteAsync(PostgresBinaries.Command(
            "initdb", "-D", DataPath, "-U", Superuser, "-A", "trust", "-E", "UTF8", "--locale=C",
            "--no-sync"));
        await File.WriteAllTextAsync(
            Path.Combine(DataPath, "pg_hba.conf"),
            $"""
            local all all trust
            host all {Superuser} 127.0.0.1/32 reject
            host all +{NeedsPassword} 127.0.0.1/32 scram-sha-256
            host all all 127.0.0.1/32 trust

            """);
    }

    private async Task RunAsync()
    {
        using var deadline = new CancellationTokenSource(StartWithin);
        while (true)
        {
            // A server that was killed may have children for a moment, and a port may be taken
            // by somebody else: both end the server at once, and the next try may do.
            if (Port == 0) Port = FreePort.Take();
            await LaunchAsync();
            while (!HasEnded())
            {
                if (await AnswersAsync())
                {
                    _hasAnswered = true;
                    return;
                }
                if (deadline.IsCancellationRequested) throw Failure("it does not answer");
                await Task.Delay(20, CancellationToken.None);
            }
            await EndAsync("QUIT");
            if (deadline.IsCancellationRequested) throw Failure("it does not start");
            if (!_hasAnswered) Port = 0;
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private async Task LaunchAsync()
    {
        string[] server = PostgresBinaries.Command(
            "postgres", "-D", DataPath, "-k", _folder, "-p", $"{Port}",
            "-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "max_connections=200");
        var start = new ProcessStartInfo("sh", ["-c", Keeper, "keeper", _folder, .. server])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["LC_ALL"] = "C";
        _keeper = Process.Start(start)!;
        var line = await _keeper.StandardOutput.ReadLineAsync();
        ProcessId = int.Parse(line!, CultureInfo.InvariantCulture);
    }

    /// <summary>A process that ended and awaits its parent is a zombie, and so is not there.
    /// </summary>
    private bool HasEnded()
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{ProcessId}/stat");
            return stat[stat.LastIndexOf(')') + 2] == 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }

    private async Task<bool> AnswersAsync()
    {
        var (exitCode, _, _) = await TryExecuteAsync(PostgresBinaries.Command(
            "pg_isready", "-q", "-h", _folder, "-p", $"{Port}"));
        return exitCode == 0 && !HasEnded();
    }

    private async Task EndAsync(string signal)
    {
        if (_keeper is not { } keeper) return;
        _keeper = null;
        ProcessId = 0;
        await keeper.StandardInput.WriteLineAsync(signal);
        await keeper.StandardInput.FlushAsync();
        using var deadline = new CancellationTokenSource(StopWithin);
        try
        {
            await keeper.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw Failure($"it did not end on {signal}");
        }
        keeper.Dispose();
    }

    private InvalidOperationException Failure(string what) => new(
        $"the private PostgreSQL in {_folder}: {what}; its log ends: "
        + (File.Exists(LogPath) ? string.Join('\n', File.ReadLines(LogPath).TakeLast(10)) : ""));

    private static async Task<string> ExecuteAsync(string[] command)
    {
        var (exitCode, output, error) = await TryExecuteAsync(command);
        return exitCode == 0
            ? output.TrimEnd('\n')
            : throw new InvalidOperationException(
                $"{string.Join(' ', command)}: exit code {exitCode}: {error}");
    }

    private static async Task<(int ExitCode, string Output, string Error)> TryExecuteAsync(
        string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
