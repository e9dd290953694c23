namespace NovaCow.Core.Scheduling;

/// <summary>New versions of images: made ready on enough hosts before launches take them.</summary>
public sealed partial class SchedulerCore
{
    /// <summary>
    /// Gives an image a next version: hosts are asked for copies, and launches take it once enough
    /// have one. The same update again changes nothing.
    /// </summary>
    /// <param name="next">The version, under the image's name.</param>
    /// <param name="minWarm">How many hosts are enough; null: as many as have the current version,
    /// or are to have it, and one at the least.</param>
    /// <param name="now">When.</param>
    public Decision UpdateImage(Image next, int? minWarm, DateTimeOffset now)
    {
        if (!State.Images.TryGetValue(next.Name, out var current))
            return NoSuchImage(next.Name);
        var history = State.Cache.Histories.GetValueOrDefault(next.Name) ?? new ImageHistory();
        if (next == current || history.Open()?.Image == next)
            return new Decision();
        if (CheckUpdate(next, current, minWarm, history) is { } refusal)
            return refusal;
        var decision = new Decision();
        var enough = minWarm ?? Math.Max(1, Math.Max(
            State.Cache.Of(next.Name).MinCopies, Warm(CacheHosts(now), current, now)));
        EmitCache(
            decision,
            new ImageUpdateBegun(next.Name, history.Newest + 1, next, enough, now));
        if (enough == 0)
            Switch(decision, current, State.Cache.Open(next.Name)!, now);
        return decision;
    }

    /// <summary>Goes back to the version that was current before, at once: warm where its bases
    /// still are.</summary>
    public Decision RollBack(ImageName name, DateTimeOffset now)
    {
        if (!State.Images.TryGetValue(name, out var current))
            return NoSuchImage(name);
        var history = State.Cache.Histories.GetValueOrDefault(name) ?? new ImageHistory();
        if (history.Open() is { } open)
        {
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {name}: launches take version {history.Number} still; abort the update to "
                    + $"version {open.Number} to stay with it");
        }

        if (history.Previous is not { } previous)
        {
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {name}: it has only one version; there is nothing to go back to");
        }

        if (CheckBoot(previous) is { } wrongBoot)
            return wrongBoot;
        var decision = new Decision();
        EmitCache(
            decision, new ImageSwitched(name, current, previous, history.PreviousNumber, now));
        return decision;
    }

    /// <summary>Gives the update under way up; launches stay with the current version.</summary>
    public Decision AbortUpdate(ImageName name, DateTimeOffset now)
    {
        if (!State.Images.ContainsKey(name))
            return NoSuchImage(name);
        if (State.Cache.Open(name) is not { } open)
        {
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {name}: no update of it is under way; what has become current can be "
                    + "rolled back");
        }

        var decision = new Decision();
        EmitCache(decision, new ImageUpdateEnded(
            name,
            new LaunchError(
                LaunchErrorCode.Cancelled,
                $"version {open.Number} was aborted",
                IsRetryable: true),
            now));
        return decision;
    }

    private Decision? CheckUpdate(
        Image next, Image current, int? minWarm, ImageHistory history)
    {
        if (Problem(next) is { } problem)
            return Decision.Refuse(RequestErrorCode.InvalidRequest, problem);
        if (minWarm is < 0 or > ImageCache.MaxCopies)
        {
            return Decision.Refuse(
                RequestErrorCode.InvalidRequest,
                $"image {next.Name}: {minWarm} warm hosts: expected 0 to {ImageCache.MaxCopies}");
        }

        if (history.Open() is { } open)
        {
            return Decision.Refuse(
                RequestErrorCode.Conflict,
                $"image {next.Name}: an update to version {open.Number}, with digest "
                    + $"{open.Image.Digest}, is under way; wait for it or abort it first");
        }

        if (next.Format.IsBootFile() != current.Format.IsBootFile()
            || (next.Format.IsBootFile() && next.Format != current.Format))
        {
            return Unprocessable(
                $"image {next.Name}: it has format {Name(current.Format)}, and {Name(next.Format)} "
                    + "cannot take its place; import that under another name");
        }

        return CheckBoot(next);
    }
}
