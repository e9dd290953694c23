using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>What a client asks of an instance's machine.</summary>
public abstract partial record ChangeRequest
{
    /// <summary>Start the machine.</summary>
    public sealed record Start : ChangeRequest;

    /// <summary>Stop the machine.</summary>
    /// <param name="GraceSeconds">How long the guest has to power off by itself; 0: it is not
    /// asked.</param>
    public sealed record Stop(int GraceSeconds) : ChangeRequest;

    /// <summary>Stop the machine and start it.</summary>
    /// <param name="GraceSeconds">As of <see cref="Stop"/>.</param>
    public sealed record Reboot(int GraceSeconds) : ChangeRequest;

    /// <summary>Make the root disk anew from an image as the catalogue has it now; what it held is
    /// lost. A machine that runs is stopped for it, at once, and started again.</summary>
    public sealed record Rebuild(ImageName Image) : ChangeRequest;

    /// <summary>Make an image of the root disk.</summary>
    /// <param name="Name">The name to register it by.</param>
    public sealed record Capture(ImageName Name) : ChangeRequest;

    /// <summary>Plug a further disk in.</summary>
    /// <param name="Disk">One that was unplugged; null: a new one.</param>
    /// <param name="Blank">What a new one holds.</param>
    public sealed record Attach(DiskName? Disk, BlankSpec? Blank) : ChangeRequest;

    /// <summary>Unplug a further disk.</summary>
    /// <param name="Disk">The disk.</param>
    /// <param name="Delete">Whether what it holds goes too; else it can be attached again.
    /// </param>
    public sealed record Detach(DiskName Disk, bool Delete) : ChangeRequest;
}

/// <summary>What is done to an instance's machine.</summary>
public abstract partial record InstanceChange
{
    /// <summary>The machine runs.</summary>
    public sealed record Start : InstanceChange;

    /// <summary>The machine is off.</summary>
    /// <param name="GraceSeconds">How long the guest has to power off by itself; 0: it is not
    /// asked.</param>
    public sealed record Stop(int GraceSeconds) : InstanceChange;

    /// <summary>The machine was off, and runs.</summary>
    /// <param name="GraceSeconds">As of <see cref="Stop"/>.</param>
    public sealed record Reboot(int GraceSeconds) : InstanceChange;

    /// <summary>The root disk is a fresh clone of this image's base.</summary>
    public sealed record Rebuild(Image Image) : InstanceChange
    {
        /// <summary>The kernel that it boots with then; null: the root disk brings its own.
        /// </summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public Image? Kernel { get; init; }

        /// <summary>The ramdisk of its kernel.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public Image? Ramdisk { get; init; }
    }

    /// <summary>There is an image of the root disk.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Of">The image that the disk is or was a clone of last: the new one is like it
    /// in what a disk does not say, such as the kernel it boots with.</param>
    public sealed record Capture(ImageName Name, Image Of) : InstanceChange;

    /// <summary>The disk is plugged in.</summary>
    /// <param name="Disk">Its name.</param>
    /// <param name="Device">Its device in the guest.</param>
    /// <param name="Blank">What it holds where it is new; null: it was unplugged.</param>
    public sealed record Attach(DiskName Disk, string Device, BlankSpec? Blank) : InstanceChange;

    /// <summary>The disk is not plugged in.</summary>
    /// <param name="Disk">Its name.</param>
    /// <param name="Delete">Whether it is removed.</param>
    public sealed record Detach(DiskName Disk, bool Delete) : InstanceChange;
}
