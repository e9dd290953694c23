namespace NovaCow.Core.Scheduling;

/// <summary>Something about an image's copies or versions.</summary>
public abstract record CacheEvent(ImageName Name, DateTimeOffset At) : SchedulerEvent(At);

/// <summary>What is wanted of an image's copies from now on.</summary>
public sealed record ImageCacheSet(ImageName Name, ImageCache Cache, DateTimeOffset At)
    : CacheEvent(Name, At);

/// <summary>An image is to have a next version.</summary>
/// <param name="Name">The image.</param>
/// <param name="Number">The version's number.</param>
/// <param name="Next">The version.</param>
/// <param name="MinWarm">Launches take it once so many hosts have it.</param>
/// <param name="At">When.</param>
public sealed record ImageUpdateBegun(
    ImageName Name, int Number, Image Next, int MinWarm, DateTimeOffset At) : CacheEvent(Name, At);

/// <summary>Launches take another version of an image from now on: the next one or, when it was
/// rolled back, the previous one.</summary>
/// <param name="Name">The image.</param>
/// <param name="From">What was current.</param>
/// <param name="To">What is.</param>
/// <param name="Number">Its number.</param>
/// <param name="At">When.</param>
public sealed record ImageSwitched(
    ImageName Name, Image From, Image To, int Number, DateTimeOffset At) : CacheEvent(Name, At);

/// <summary>An update was given up; launches stay with the current version.</summary>
public sealed record ImageUpdateEnded(ImageName Name, LaunchError Error, DateTimeOffset At)
    : CacheEvent(Name, At);
