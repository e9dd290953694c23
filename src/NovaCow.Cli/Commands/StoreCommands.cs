using System.CommandLine;
using NovaCow.Actors.Protocols;
using NovaCow.Node.Wiring;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;
using NovaCow.Store;
using NovaCow.Store.Transfer;

namespace NovaCow.Cli.Commands;

/// <summary>What an operator does with a control node's store; none of it needs a node.</summary>
internal static class StoreCommands
{
    private const string Example = "postgresql://novacow@db.example/novacow";

    public static Command Create(Terminal terminal) =>
        new("store", "The journal, snapshots and lease of the control nodes; needs no node")
        {
            Migrate(terminal), Check(terminal), Export(terminal), Import(terminal),
        };

    private static Command Migrate(Terminal terminal)
    {
        var options = new StoreOptions();
        var role = new Option<string?>("--role")
        {
            Description = "A role that may then read and write rows, and no more: the nodes'",
        };
        var command = options.AddTo(
            new("migrate", "Make the tables or bring them up to date, as their owner") { role });
        command.SetAction(async (parsed, ct) =>
        {
            var settings = options.Read(parsed, parsed.GetValue(role));
            terminal.WriteLine(await Stores.MigrateAsync(settings, ct));
        });
        return command.WithExamples(
            "novacow store migrate --store postgresql://owner@db.example/novacow --role novacow");
    }

    private static Command Check(Terminal terminal)
    {
        var options = new StoreOptions();
        var command = options.AddTo(
            new("check", "Read all of it as a node would; exits 1 when something is wrong"));
        command.SetAction(async (parsed, ct) =>
        {
            var settings = options.Read(parsed);
            await using var store = await Stores.OpenForOperatorAsync(settings, false, ct);
            await using var view = await store.OpenViewAsync(ct);
            var serializer = WireMessages.Register(new MessageSerializer());
            var report = await StoreCheck.RunAsync(view, p => Problem(serializer, p), ct);
            terminal.Write(parsed, report, r => Show(terminal, $"{settings}", r));
            return report.ProblemCount == 0 ? ExitCode.Success : ExitCode.Failed;
        });
        return command.WithExamples(
            "novacow store check --config hocon/control.conf",
            $"novacow store check --store {Example} --json");
    }

    private static Command Export(Terminal terminal)
    {
        var options = new StoreOptions();
        var file = new Argument<string>("FILE") { DefaultValueFactory = _ => "-" };
        file.Description = "Where to write it; - is the standard output";
        var online = new Option<bool>("--online")
        {
            Description = "Also while a node leads: what it writes from now on is not in it",
        };
        var command = options.AddTo(
            new("export", "Write all of it to a file, for a backup or another store")
            {
                file, online,
            });
        command.SetAction(async (parsed, ct) =>
        {
            var settings = options.Read(parsed);
            await using var store = await Stores.OpenForOperatorAsync(settings, false, ct);
            await using var view = await store.OpenViewAsync(ct);
            if (!parsed.GetValue(online)) RefuseWhileLed(await view.LeasesAsync(ct), $"{settings}");
            var path = parsed.GetRequiredValue(file);
            var totals = await WriteAsync(
                path, output => StoreExport.WriteAsync(view, output, ct));
            terminal.Error.WriteLine($"exported {Describe(totals)}");
        });
        return command.WithExamples(
            "novacow store export backup.jsonl --store /var/lib/novacow/control.db");
    }

    private static Command Import(Terminal terminal)
    {
        var options = new StoreOptions();
        var file = new Argument<string>("FILE") { Description = "What export wrote; - reads it" };
        var command = options.AddTo(
            new("import", "Fill an empty store with an exported one: all of it or nothing")
            {
                file,
            });
        command.SetAction(async (parsed, ct) =>
        {
            var settings = options.Read(parsed);
            await using var input = Open(parsed.GetRequiredValue(file));
            await using var store = await Stores.OpenForOperatorAsync(settings, true, ct);
            await using var filling = await store.BeginFillingAsync(ct);
            var totals = await StoreImport.ReadAsync(input, filling, ct);
            terminal.WriteLine($"imported {Describe(totals)} into {settings}");
        });
        return command.WithExamples($"novacow store import backup.jsonl --store {Example}");
    }

    private static void RefuseWhileLed(IReadOnlyList<Lease> leases, string store)
    {
        if (leases.FirstOrDefault(l => l.Remaining > TimeSpan.Zero) is not { } held) return;
        throw new CliException(
            ExitCode.TryAgain,
            $"store {store}: {held.Holder} at {held.Address} leads; stop the control nodes, or "
            + "export with --online, without what they write from then on");
    }

    private static async Task<TransferTotals> WriteAsync(
        string path, Func<Stream, Task<TransferTotals>> write)
    {
        if (path == "-")
        {
            await using var console = Console.OpenStandardOutput();
            return await write(console);
        }
        // Under its own name only when it is whole; it tells as much as the store does.
        var partial = path + ".partial";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            TransferTotals totals;
            await using (var output = new FileStream(partial, options))
            {
                totals = await write(output);
                output.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
            return totals;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failed, $"{path}: it cannot be written: {e.Message}");
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static Stream Open(string path)
    {
        try
        {
            return path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.NotFound, $"{path}: it cannot be read: {e.Message}");
        }
    }

    private static string? Problem(MessageSerializer serializer, StoredPayload payload)
    {
        try
        {
            serializer.Deserialize(payload.Manifest, payload.Bytes.Span);
            return null;
        }
        catch (Exception e) when (e is UnknownManifestException or MessageFormatException)
        {
            return e.Message;
        }
    }

    private static string Describe(TransferTotals t) =>
        $"{t.Streams} streams, {t.Events} events, {t.Snapshots} snapshots, {t.Leases} leases";

    private static void Show(Terminal terminal, string store, StoreReport report)
    {
        terminal.WriteFacts(
            ("store", store),
            ("schema", $"version {report.SchemaVersion}"),
            ("streams", $"{report.Streams}"),
            ("events", $"{report.Events}"),
            ("snapshots", $"{report.Snapshots}"));
        foreach (var lease in report.Leases)
        {
            terminal.WriteLine(Terminal.Printable(
                $"lease {lease.Name}: epoch {lease.Epoch}, " + (lease.Remaining > TimeSpan.Zero
                    ? $"held by {lease.Holder} at {lease.Address}" : "free")));
        }
        foreach (var problem in report.Problems)
            terminal.WriteLine(Terminal.Printable($"wrong: {problem}"));
        terminal.WriteLine(report.ProblemCount == 0
            ? "sound" : $"damaged: {report.ProblemCount} problems; restore a backup");
    }
}
