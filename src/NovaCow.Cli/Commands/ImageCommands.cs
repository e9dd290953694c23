using System.CommandLine;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Cli.Commands;

internal static partial class ImageCommands
{
    public static Command Create(Terminal terminal) =>
        new("image", "The catalogue of images")
        {
            Import(terminal),
            List(terminal),
            Display(terminal),
            Update(terminal),
            Capture(terminal),
            Delete(terminal),
            Inspect(terminal),
        };

    private static Command Import(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The name to launch it by" };
        var source = new Argument<string>("SOURCE")
        {
            Description = "A path on the nodes, or a file:, http: or https: URL",
        };
        var digest = new Option<string?>("--digest")
        {
            Description = "What its bytes must be: sha256:… or sha512:…; else computed now",
        };
        var format = FormatOption("The format it must be in; else detected now");
        var minDisk = SizeOption("--min-disk", "The smallest root disk; else the image's own size");
        var boot = new ImageBootOptions();
        var command = new Command("import", "Register an image in the catalogue")
        {
            name, source, digest, format, minDisk,
        };
        command.Aliases.Add("register");
        boot.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var request = boot.Complete(parsed, new RegisterImageRequest
            {
                Name = parsed.GetRequiredValue(name),
                Source = Absolute(parsed.GetRequiredValue(source)),
                Digest = parsed.GetValue(digest),
                Format = parsed.GetValue(format),
                MinDiskBytes = parsed.GetValue(minDisk),
            });
            var image = await ProgressView.WhileAsync(
                terminal, client, () => client.RegisterImageAsync(request, ct), ct);
            terminal.Write(parsed, image, i => ShowFacts(terminal, i));
            return ExitCode.Success;
        });
        return command.WithExamples(
            "novacow image import debian-12 ./debian-12.qcow2",
            "novacow image import debian-12 https://images.example/debian-12.qcow2 "
                + "--digest sha256:9f3c…",
            "novacow image import vmlinuz ./vmlinuz --format aki",
            "novacow image import debian-fs ./debian.ext4 --kernel vmlinuz "
                + "--kernel-args 'root=/dev/vda ro'");
    }

    private static Command List(Terminal terminal)
    {
        var command = new Command("list", "Every image");
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var images = await client.ListImagesAsync(ct);
            terminal.Write(parsed, images.Items, items => terminal.WriteTable(
                ["NAME", "FORMAT", ">DOWNLOAD", ">DISK", ">MIN DISK", "DIGEST", "SOURCE"],
                items.Select(i => new[]
                {
                    i.Name, i.Format, Show.Bytes(i.SizeBytes), Show.Bytes(i.VirtualSizeBytes),
                    Show.Bytes(i.MinDiskBytes), Show.Key(i.Digest), i.Source,
                })));
        });
        return command;
    }

    private static Command Display(Terminal terminal)
    {
        var name = new Argument<string>("NAME");
        var command = new Command("show", "One image") { name };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            var image = await client.GetImageAsync(parsed.GetRequiredValue(name), ct);
            terminal.Write(parsed, image, i => ShowFacts(terminal, i));
        });
        return command;
    }

    private static Command Delete(Terminal terminal)
    {
        var name = new Argument<string>("NAME");
        var command = new Command(
            "delete", "Remove an image from the catalogue; its instances go on") { name };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = Terminal.Connect(parsed);
            await client.DeleteImageAsync(parsed.GetRequiredValue(name), ct);
        });
        return command;
    }

    private static Command Inspect(Terminal terminal)
    {
        var file = new Argument<string>("FILE");
        var format = FormatOption("The format it must be in; else detected");
        var command = new Command(
            "inspect", "Judge an image file as a host would; needs no node. "
                + $"Exit {ExitCode.Success}: accepted, {ExitCode.Refused}: refused")
        {
            file, format,
        };
        command.SetAction(async (parsed, ct) =>
        {
            DiskFormat? declared =
                LowerCaseEnumConverter<DiskFormat>.TryParse(parsed.GetValue(format), out var known)
                    ? known : null;
            var path = Path.GetFullPath(parsed.GetRequiredValue(file));
            if (!File.Exists(path))
                throw new CliException(ExitCode.NotFound, $"{path}: there is no such file");
            try
            {
                var verdict = await new ImageInspector().InspectAsync(path, declared, ct);
                return Report(terminal, parsed, path, verdict);
            }
            catch (ImageInspectionException e)
            {
                throw new CliException(ExitCode.Failed, e.Message);
            }
        });
        return command.WithExamples(
            "novacow image inspect upload.img",
            "novacow image inspect upload.img --format qcow2 --json");
    }

    private static int Report(
        Terminal terminal, ParseResult parsed, string path, InspectionVerdict verdict)
    {
        var json = parsed.GetValue(Options.Json);
        switch (verdict)
        {
            case InspectionVerdict.Accepted a when json:
                terminal.WriteJson(new
                {
                    Verdict = "accepted",
                    Format = a.Format.ToString().ToLowerInvariant(),
                    a.VirtualSizeBytes,
                    a.Notes,
                });
                return ExitCode.Success;
            case InspectionVerdict.Accepted a:
                terminal.WriteLine($"{path}: accepted");
                terminal.WriteFacts(
                    ("format", a.Format.ToString().ToLowerInvariant()),
                    ("disk", Show.Bytes(a.VirtualSizeBytes)),
                    ("notes", a.Notes.Count == 0 ? null : string.Join("; ", a.Notes)));
                return ExitCode.Success;
            case InspectionVerdict.Refused r when json:
                terminal.WriteJson(new { Verdict = "refused", r.Rule, r.Detected, r.Reason });
                return ExitCode.Refused;
            case InspectionVerdict.Refused r:
                terminal.WriteLine($"{path}: refused");
                terminal.WriteFacts(
                    ("rule", r.Rule), ("detected", r.Detected), ("reason", r.Reason));
                return ExitCode.Refused;
            default:
                throw new InvalidOperationException($"unknown verdict {verdict}");
        }
    }

    private static void ShowFacts(Terminal terminal, ImageResource image) => terminal.WriteFacts(
        ("name", image.Name),
        ("source", image.Source),
        ("digest", image.Digest),
        ("format", image.Format),
        ("download", Show.Bytes(image.SizeBytes)),
        ("disk", Show.Bytes(image.VirtualSizeBytes)),
        ("min disk", Show.Bytes(image.MinDiskBytes)),
        ("os type", image.OsType),
        ("kernel", image.Kernel),
        ("ramdisk", image.Ramdisk),
        ("kernel args", image.KernelArguments),
        ("version", image.Versions?.Current.ToString()),
        ("previous", Version(image.Versions?.Previous)),
        ("update", UpdateText(image.Versions?.Update)));

    /// <summary>A path as the node must see it; a URL as it is.</summary>
    private static string Absolute(string source) =>
        source.Contains("://", StringComparison.Ordinal) || source.StartsWith("file:", StringComparison.Ordinal)
            ? source
            : Path.GetFullPath(source);

    private static Option<string?> FormatOption(string description)
    {
        var format = new Option<string?>("--format") { Description = description };
        format.AcceptOnlyFromAmong([.. LowerCaseEnumConverter<DiskFormat>.AllNames]);
        return format;
    }

    private static Option<long?> SizeOption(string name, string description) => new(name)
    {
        Description = description + ", for example 2GiB",
        HelpName = "SIZE",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (ByteSize.TryParse(text, out var bytes))
                return bytes;
            result.AddError($"{name} '{text}': expected a size such as 512MiB or 2GiB");
            return null;
        },
    };
}
