namespace NovaCow.Core.Scheduling;

/// <summary>Images that other images boot with.</summary>
public sealed partial class SchedulerCore
{
    /// <summary>Why an image cannot boot with what it names; null: it can.</summary>
    private Decision? CheckBoot(Image image)
    {
        if (image.Format.IsBootFile()
            && (image.Kernel ?? image.Ramdisk ?? (object?)image.KernelArguments) is not null)
        {
            return Unprocessable(
                $"image {image.Name}: a {Name(image.Format)} image boots with no other; leave "
                    + "kernel, ramdisk and kernel arguments out");
        }

        if (image.Kernel is null && (image.Ramdisk ?? (object?)image.KernelArguments) is not null)
        {
            return Unprocessable(
                $"image {image.Name}: a ramdisk and kernel arguments need a kernel; name it too");
        }

        return CheckBootFile(image, "kernel", image.Kernel, DiskFormat.Aki)
            ?? CheckBootFile(image, "ramdisk", image.Ramdisk, DiskFormat.Ari);
    }

    private Decision? CheckBootFile(
        Image image, string role, ImageName? name, DiskFormat format)
    {
        if (name is null)
            return null;
        if (!State.Images.TryGetValue(name, out var found))
        {
            return Decision.Refuse(
                RequestErrorCode.ImageNotFound,
                $"image {image.Name}: its {role} {name} is not in the catalogue; register that "
                    + $"first, with format {Name(format)}");
        }

        return found.Format == format
            ? null
            : Unprocessable(
                $"image {image.Name}: its {role} {name} has format {Name(found.Format)}; name an "
                    + $"image of format {Name(format)}");
    }

    private Decision? CheckUnused(ImageName name)
    {
        var users = State.Images.Values
            .Where(i => i.Kernel == name || i.Ramdisk == name)
            .Select(i => i.Name.Value)
            .Order(StringComparer.Ordinal)
            .ToList();
        return users.Count == 0
            ? null
            : Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {name}: image {users[0]} boots with it"
                    + (users.Count > 1 ? $", and {users.Count - 1} more do" : "")
                    + "; delete what boots with it first");
    }

    private static Decision? NotBootable(Image image) => image.Format.IsBootFile()
        ? Unprocessable(
            $"image {image.Name}: it is a {(image.Format == DiskFormat.Aki ? "kernel" : "ramdisk")}"
                + " and no disk; launch an image that names it")
        : null;

    private static Decision Unprocessable(string message) =>
        Decision.Refuse(RequestErrorCode.Unprocessable, message);

    private static string Name(DiskFormat format) => format.ToString().ToLowerInvariant();
}
