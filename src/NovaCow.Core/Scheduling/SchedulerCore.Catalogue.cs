namespace NovaCow.Core.Scheduling;

public sealed partial class SchedulerCore
{
    /// <summary>Adds an image. The same one again changes nothing.</summary>
    public Decision Register(Image image, DateTimeOffset now)
    {
        if (Problem(image) is { } problem)
            return Decision.Refuse(RequestErrorCode.InvalidRequest, problem);
        if (State.Images.GetValueOrDefault(image.Name) == image)
            return new Decision();
        if ((WhyCaptured(image.Name) ?? WhyNotRegistered(image)) is { } refusal)
            return refusal;
        var decision = new Decision();
        Emit(decision, new ImageRegistered(image, now));
        return decision;
    }

    /// <summary>
    /// Takes an image out of the catalogue. Its bases and instances stay, launches that were
    /// accepted go on, since each carries the image as it was; new ones are refused. An image that
    /// another one boots with stays.
    /// </summary>
    public Decision Unregister(ImageName name, DateTimeOffset now)
    {
        var decision = new Decision();
        if (!State.Images.ContainsKey(name))
            return NoSuchImage(name);
        if (CheckUnused(name) is { } used)
            return used;
        Emit(decision, new ImageDeleted(name, now));
        return decision;
    }

    private Decision? WhyNotRegistered(Image image) =>
        State.Images.TryGetValue(image.Name, out var known)
            ? Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {image.Name}: the catalogue has another one of that name, with digest "
                    + $"{known.Digest}; update it, delete it first or choose another name")
            : CheckBoot(image)
                ?? (State.Images.Count < _limits.MaxImages ? null : CatalogueFull(image.Name));

    private Decision CatalogueFull(ImageName name) => Decision.Refuse(
        RequestErrorCode.Busy,
        $"image {name}: the catalogue is full ({_limits.MaxImages} images); delete one that is not "
            + "needed");

    private Decision NoSuchImage(ImageName name) => Decision.Refuse(
        RequestErrorCode.ImageNotFound,
        $"image {name}: not in the catalogue, which has {State.Images.Count} images; import it "
            + "first, or look for its name in the list of images");

    private Decision NoSuchFlavor(FlavorName name) => Decision.Refuse(
        RequestErrorCode.FlavorNotFound,
        $"flavor {name}: there is none of that name; choose one of "
            + string.Join(", ", Flavors.Select(f => f.Name.Value)));

    private static string? Problem(Image image) => image switch
    {
        { SizeBytes: <= 0 } => $"image {image.Name}: its size is {image.SizeBytes} bytes",
        { VirtualSizeBytes: <= 0 } =>
            $"image {image.Name}: its virtual size is {image.VirtualSizeBytes} bytes",
        { MinDiskBytes: < 0 } =>
            $"image {image.Name}: its minimum disk is {image.MinDiskBytes} bytes",
        { Source.IsAbsoluteUri: false } =>
            $"image {image.Name}: its source is no absolute URI",
        { KernelArguments: { } text } when KernelCommandLine.Problem(text) is { } problem =>
            $"image {image.Name}: kernel arguments {problem}",
        _ => null,
    };
}
