using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>What can be done to an active instance, in a word.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<ChangeKind>))]
public enum ChangeKind
{
    /// <summary>The root disk grows.</summary>
    Resize,

    /// <summary>Every disk comes to own its bytes.</summary>
    Flatten,

    /// <summary>The root disk becomes a clone of another base.</summary>
    Rebase,

    /// <summary>Disks that own their bytes become copy-on-write.</summary>
    Migrate,

    /// <summary>The machine starts.</summary>
    Start,

    /// <summary>The machine stops.</summary>
    Stop,

    /// <summary>The machine stops and starts.</summary>
    Reboot,

    /// <summary>The root disk is made anew from an image.</summary>
    Rebuild,

    /// <summary>An image is made of the root disk.</summary>
    Capture,

    /// <summary>A further disk is made and plugged in, or plugged in again.</summary>
    Attach,

    /// <summary>A further disk is unplugged.</summary>
    Detach,
}

/// <summary>What a client asks to be done to an instance: its machine or its disks; compared by
/// what it says.</summary>
[JsonDerivedType(typeof(Resize), "resize")]
[JsonDerivedType(typeof(Flatten), "flatten")]
[JsonDerivedType(typeof(Rebase), "rebase")]
[JsonDerivedType(typeof(Migrate), "migrate")]
[JsonDerivedType(typeof(Start), "start")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Reboot), "reboot")]
[JsonDerivedType(typeof(Rebuild), "rebuild")]
[JsonDerivedType(typeof(Capture), "capture")]
[JsonDerivedType(typeof(Attach), "attach")]
[JsonDerivedType(typeof(Detach), "detach")]
public abstract partial record ChangeRequest
{
    private ChangeRequest()
    {
    }

    /// <summary>Grow the root disk.</summary>
    /// <param name="RootBytes">Its new size; rounded up to whole sectors.</param>
    public sealed record Resize(long RootBytes) : ChangeRequest;

    /// <summary>Let every disk own its bytes.</summary>
    public sealed record Flatten : ChangeRequest;

    /// <summary>Make the root disk a clone of an image as the catalogue has it now.</summary>
    /// <param name="Image">The image; null: the one that the disk was a clone of last.</param>
    public sealed record Rebase(ImageName? Image) : ChangeRequest;

    /// <summary>Make disks that own their bytes clones of what they were made of.</summary>
    /// <param name="Driver">The driver that has them then; null: the first of the host's that
    /// shares.</param>
    public sealed record Migrate(string? Driver) : ChangeRequest;
}

/// <summary>A change that was accepted: what was asked for, with the images as they were then, so
/// that later changes of the catalogue do not reach it.</summary>
[JsonDerivedType(typeof(Resize), "resize")]
[JsonDerivedType(typeof(Flatten), "flatten")]
[JsonDerivedType(typeof(Rebase), "rebase")]
[JsonDerivedType(typeof(Migrate), "migrate")]
[JsonDerivedType(typeof(Start), "start")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Reboot), "reboot")]
[JsonDerivedType(typeof(Rebuild), "rebuild")]
[JsonDerivedType(typeof(Capture), "capture")]
[JsonDerivedType(typeof(Attach), "attach")]
[JsonDerivedType(typeof(Detach), "detach")]
public abstract partial record InstanceChange
{
    private InstanceChange()
    {
    }

    /// <summary>What it is, in a word.</summary>
    [JsonIgnore]
    public ChangeKind Kind => this switch
    {
        Resize => ChangeKind.Resize,
        Flatten => ChangeKind.Flatten,
        Rebase => ChangeKind.Rebase,
        Migrate => ChangeKind.Migrate,
        Start => ChangeKind.Start,
        Stop => ChangeKind.Stop,
        Reboot => ChangeKind.Reboot,
        Rebuild => ChangeKind.Rebuild,
        Capture => ChangeKind.Capture,
        Attach => ChangeKind.Attach,
        _ => ChangeKind.Detach,
    };

    /// <summary>What it is, for people; without the instance.</summary>
    public string Title() => this switch
    {
        Resize c => $"resize of the root disk to {c.RootBytes} bytes",
        Flatten => "flatten",
        Rebase c => $"rebase onto image {c.Image.Name}",
        Migrate { Driver: { } driver } => $"migrate to driver {driver}",
        Migrate => "migrate",
        Start => "start",
        Stop => "stop",
        Reboot => "reboot",
        Rebuild c => $"rebuild from image {c.Image.Name}",
        Capture c => $"capture of image {c.Name}",
        Attach c => $"attach of disk {c.Disk}",
        Detach c => $"detach of disk {c.Disk}",
        _ => Kind.ToString().ToLowerInvariant(),
    };

    /// <summary>The root disk grows to this size, in bytes.</summary>
    public sealed record Resize(long RootBytes) : InstanceChange;

    /// <summary>Every disk comes to own its bytes, and leaves its base.</summary>
    public sealed record Flatten : InstanceChange;

    /// <summary>The root disk becomes a clone of this image's base; what it holds stays.</summary>
    public sealed record Rebase(Image Image) : InstanceChange;

    /// <summary>Each disk that owns its bytes becomes a clone of the base it would be made of.
    /// </summary>
    /// <param name="Driver">The driver that has it then; null: the first of the host's that
    /// shares.</param>
    /// <param name="Image">What the root disk becomes a clone of.</param>
    public sealed record Migrate(string? Driver, Image Image) : InstanceChange;
}
