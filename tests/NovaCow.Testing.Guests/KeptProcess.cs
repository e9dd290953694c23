using System.Diagnostics;
using System.Globalization;

namespace NovaCow.Testing.Guests;

/// <summary>A process that ends, at the latest, when the process that started it does, however that
/// ends.</summary>
internal sealed class KeptProcess : IAsyncDisposable
{
    /// <summary>
    /// Runs the command, and kills it when its own input ends: then whoever started this has let
    /// go of it, or is gone.
    /// </summary>
    private const string Keeper = """
        exec 3<&0
        trap : INT TERM
        "$@" </dev/null 3<&- & pid=$!
        echo $pid
        { read -r _ <&3; kill -9 $pid 2>/dev/null; } & reader=$!
        wait $pid; code=$?
        kill $reader 2>/dev/null
        exit $code
        """;

    private readonly Process _keeper;
    private readonly Task<string> _errors;

    private KeptProcess(Process keeper, int id)
    {
        (_keeper, Id) = (keeper, id);
        _errors = keeper.StandardError.ReadToEndAsync();
    }

    /// <summary>The command's process id.</summary>
    public int Id { get; }

    public bool HasEnded => _keeper.HasExited;

    public static async Task<KeptProcess> StartAsync(params IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo("sh", ["-c", Keeper, "keeper", .. command])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C";
        var keeper = Process.Start(start)!;
        var line = await keeper.StandardOutput.ReadLineAsync();
        return new KeptProcess(keeper, int.Parse(line!, CultureInfo.InvariantCulture));
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code, and what it said of errors.</returns>
    public async Task<(int Code, string Errors)> EndsAsync(CancellationToken token)
    {
        await _keeper.WaitForExitAsync(token);
        return (_keeper.ExitCode, await _errors);
    }

    /// <summary>Ends it at once.</summary>
    public async Task KillAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _keeper.Dispose();
    }
}
