using System.Runtime.InteropServices;

namespace NovaCow.Hypervisor.Libvirt.Native;

/// <summary>How a domain's job goes.</summary>
/// <param name="Type">Whether there is one.</param>
/// <param name="DiskProcessedBytes">Bytes of disks that it has dealt with.</param>
/// <param name="Succeeded">Of one that ended, whether it did what it was to do; null: it says
/// nothing of that.</param>
/// <param name="Problem">Why it did not.</param>
internal sealed record JobStatistics(
    JobType Type, long DiskProcessedBytes, bool? Succeeded, string? Problem)
{
    private const int BooleanType = 6, StringType = 7;

    /// <summary>What libvirt's list of named values says.</summary>
    public static unsafe JobStatistics Read(
        JobType type, LibvirtNative.TypedParameter* values, int count)
    {
        var job = new JobStatistics(type, 0, null, null);
        for (var value = values; value < values + count; value++)
        {
            var name = Marshal.PtrToStringUTF8((nint)value->Name);
            job = (name, value->Type) switch
            {
                ("disk_processed", not StringType) =>
                    job with { DiskProcessedBytes = (long)value->UInt64 },
                ("success", BooleanType) => job with { Succeeded = (value->Int32 & 0xFF) != 0 },
                ("errmsg", StringType) => job with { Problem = LibvirtLibrary.Text(value->Text) },
                _ => job,
            };
        }

        return job;
    }
}
