using System.CommandLine;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Further disks are plugged in and out.</summary>
internal static partial class OperationCommands
{
    private static Command Attach(Terminal terminal)
    {
        var disk = new Option<string?>("--disk")
        {
            Description = "One of its disks that was detached, such as data0",
        };
        var size = new Option<string?>("--size")
        {
            Description = "A new disk of this size, such as 10GiB",
        };
        var system = new Option<string?>("--fs")
        {
            Description = "What a new disk is formatted with, default being by the image's OS "
                + "type; else raw: nothing",
        };
        system.AcceptOnlyFromAmong("raw", "ext4", "xfs", "vfat", "ntfs", "default");
        var label = new Option<string?>("--label")
        {
            Description = "The label of a new disk's file system; else the disk's name",
        };
        var command = Operation(
            terminal,
            "attach",
            "Plug a further disk into an instance: a new one, or one that was detached",
            [disk, size, system, label],
            (client, id, parsed, wait, ct) => client.AttachDiskAsync(
                id,
                new AttachDiskRequest
                {
                    Disk = parsed.GetValue(disk),
                    SizeBytes = parsed.GetValue(size) is { } text ? Size(text, "--size") : null,
                    FileSystem = parsed.GetValue(system),
                    Label = parsed.GetValue(label),
                },
                wait,
                ct));
        command.Validators.Add(result =>
        {
            if (result.GetValue(disk) is null == result.GetValue(size) is null)
                result.AddError("expected either --size, for a new disk, or --disk");
        });
        return command.WithExamples(
            "novacow instance attach db --size 10GiB --fs ext4 --label pgdata --wait",
            "novacow instance attach db --disk data0");
    }

    private static Command Detach(Terminal terminal)
    {
        var disk = new Argument<string>("DISK") { Description = "The disk, such as data0" };
        var delete = new Option<bool>("--delete")
        {
            Description = "Remove it with what it holds; else it can be attached again",
        };
        var command = Operation(
            terminal,
            "detach",
            "Unplug a further disk from an instance",
            [delete],
            (client, id, parsed, wait, ct) => client.DetachDiskAsync(
                id, parsed.GetRequiredValue(disk), parsed.GetValue(delete), wait, ct));
        command.Add(disk);
        return command.WithExamples(
            "novacow instance detach db data0 --wait", "novacow instance detach db data0 --delete");
    }
}
