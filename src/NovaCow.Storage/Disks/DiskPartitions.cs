using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage;

/// <summary>Decides how a disk is laid out, before anything of it is made.</summary>
internal static class DiskPartitions
{
    /// <summary>How a disk of this kind is partitioned; null: it is not.</summary>
    /// <param name="request">What is asked for; its size has been checked.</param>
    /// <param name="kind">The disk's kind.</param>
    /// <param name="basePath">The base's raw file.</param>
    /// <exception cref="PortException">InvalidRequest: it was asked to be, and cannot.</exception>
    public static PartitionedDisk? Of(CloneRequest request, IDiskKind kind, string basePath)
    {
        if (request.Layout == DiskLayout.Whole)
            return null;
        var isAsked = request.Layout == DiskLayout.Ec2;
        if (!kind.CanPartition)
        {
            return !isAsked ? null : throw Refused(
                request,
                $"the driver {kind.Driver} makes no partitions; ask for the driver "
                    + $"{DriverName.Copy}, or for the layout whole");
        }

        if (!IsBareFileSystem(basePath))
        {
            return !isAsked ? null : throw Refused(
                request,
                $"base {request.Base} has a partition table of its own, or is an optical disc: "
                    + "it cannot be a partition; ask for the layout whole or auto");
        }

        var disk = new PartitionedDisk(request.VirtualSizeBytes, request.LocalStorage);
        return disk.Problem() is not { } problem ? disk : throw Refused(request, problem);
    }

    private static bool IsBareFileSystem(string path)
    {
        using var file = new FileRandomAccess(path);
        return BareFileSystem.IsOn(new ImageBytes(file));
    }

    private static PortException Refused(CloneRequest request, string cause) =>
        PortException.Final(
            LaunchErrorCode.InvalidRequest,
            $"disk {request.Disk} of instance {request.Instance}: {cause}");
}
