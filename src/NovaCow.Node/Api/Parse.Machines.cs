using System.Globalization;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Api;

internal static partial class Parse
{
    private const int DefaultGraceSeconds = 60;
    private const int MaxGraceSeconds = 3600;
    private const string ByOsType = "default";

    /// <summary>How long a guest has to power off by itself, in seconds.</summary>
    public static int Grace(StopRequest? request) =>
        request?.GraceSeconds is not { } seconds ? DefaultGraceSeconds
        : seconds is >= 0 and <= MaxGraceSeconds ? seconds
        : throw ApiException.Invalid(
            $"graceSeconds {seconds}: expected 0 to {MaxGraceSeconds}");

    /// <summary>A disk by its name, or a new one by its size; the scheduler judges both.</summary>
    public static ChangeRequest.Attach Attach(AttachDiskRequest request)
    {
        var disk = OptionalId<DiskName>("disk", request.Disk);
        var label = OptionalId<VolumeLabel>("label", request.Label);
        var isByOsType = request.FileSystem == ByOsType;
        var system = isByOsType
            ? BlankFileSystem.Ext4
            : OptionalEnum<BlankFileSystem>("fileSystem", request.FileSystem);
        return (disk, request.SizeBytes) switch
        {
            ({ } name, null) when label is null && system is null =>
                new ChangeRequest.Attach(name, null),
            (null, { } bytes) => new ChangeRequest.Attach(
                null,
                new BlankSpec(bytes, system ?? BlankFileSystem.Raw)
                {
                    IsByOsType = isByOsType, Label = label,
                }),
            ({ } name, _) => throw ApiException.Invalid(
                $"disk {name}: it has its size, file system and label; leave sizeBytes, "
                    + "fileSystem and label out, or leave disk out for a new one"),
            _ => throw ApiException.Invalid(
                "expected disk, one that was detached, or sizeBytes, of a new one"),
        };
    }

    /// <summary>What a guest is told at its first boot; the scheduler judges it. What is secret of
    /// it is in no message.</summary>
    public static GuestSetup? Guest(LaunchRequest request)
    {
        if (request.Guest is not { } guest)
            return null;
        if (guest.HostName is not null && request.Ids.Count > 1)
        {
            throw ApiException.Invalid(
                $"guest.hostName with {request.Ids.Count} instances: leave it out, and each is "
                    + "called by its id; or launch them one by one");
        }

        return new GuestSetup
        {
            HostName = guest.HostName,
            UserData = guest.UserData,
            SshKeys = guest.SshKeys,
            Kind = OptionalEnum<GuestSeedKind>("guest.seed", guest.Seed) ?? default,
        };
    }

    /// <summary>A place in a console: from its beginning, or, negative, from its end.</summary>
    public static long? Offset(string field, string? text)
    {
        if (text is null)
            return null;
        return long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : throw ApiException.Invalid(
                $"{field} '{text}': expected a whole number of bytes; a negative one counts from "
                    + "the end");
    }
}
