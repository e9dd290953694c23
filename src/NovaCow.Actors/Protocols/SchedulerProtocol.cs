using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Protocols;

/// <summary>Everything that SchedulerActor takes or answers.</summary>
public interface ISchedulerMessage;

/// <summary>
/// What clients say to SchedulerActor, at <see cref="Path"/>, and what it answers. A command is
/// answered when its events are durable; every request can be answered by <see cref="Refused"/>.
/// </summary>
public static partial class SchedulerProtocol
{
    /// <summary>The scheduler's name, under the cluster's singleton manager.</summary>
    public const string Name = "scheduler";

    /// <summary>The most launches that one command may ask for.</summary>
    public const int MaxLaunchesPerCommand = 1_000;

    /// <summary>The most instances that one page holds.</summary>
    public const int MaxPage = 1_000;

    /// <summary>The request was not taken, and nothing was changed.</summary>
    public sealed record Refused(RequestError Error) : ISchedulerMessage;

    // The catalogue.

    /// <summary>Adds an image; answered by <see cref="ImageRegistered"/>. The same image again is
    /// no error; another one of that name is a conflict.</summary>
    public sealed record RegisterImage(Image Image) : ISchedulerMessage;

    /// <summary>The catalogue has the image.</summary>
    /// <param name="Image">As it is registered.</param>
    /// <param name="Created">False when it was there already.</param>
    public sealed record ImageRegistered(Image Image, bool Created) : ISchedulerMessage;

    /// <summary>Takes an image out of the catalogue; answered by <see cref="ImageDeleted"/>.
    /// Its bases and instances stay; new launches of it are refused.</summary>
    public sealed record DeleteImage(ImageName Name) : ISchedulerMessage;

    /// <summary>The catalogue does not have the image any more.</summary>
    public sealed record ImageDeleted(ImageName Name) : ISchedulerMessage;

    /// <summary>Answered by <see cref="ImageFound"/>.</summary>
    public sealed record GetImage(ImageName Name) : ISchedulerMessage;

    /// <summary>An image.</summary>
    public sealed record ImageFound(Image Image) : ISchedulerMessage
    {
        /// <summary>How its versions stand; null: it was never updated.</summary>
        public ImageVersionInfo? Versions { get; init; }
    }

    /// <summary>Answered by <see cref="ImageList"/>.</summary>
    public sealed record ListImages : ISchedulerMessage;

    /// <summary>All images, by name.</summary>
    public sealed record ImageList(IReadOnlyList<Image> Images) : ISchedulerMessage;

    /// <summary>Answered by <see cref="FlavorFound"/>.</summary>
    public sealed record GetFlavor(FlavorName Name) : ISchedulerMessage;

    /// <summary>A flavor.</summary>
    public sealed record FlavorFound(Flavor Flavor) : ISchedulerMessage;

    /// <summary>Answered by <see cref="FlavorList"/>.</summary>
    public sealed record ListFlavors : ISchedulerMessage;

    /// <summary>All flavors, smallest first.</summary>
    public sealed record FlavorList(IReadOnlyList<Flavor> Flavors) : ISchedulerMessage;

    // Instances.

    /// <summary>
    /// Launches instances; answered by <see cref="LaunchAccepted"/>, for all of them or none. An id
    /// that was launched with the same image, flavor and options is answered as it is now.
    /// </summary>
    /// <param name="Image">The image's name.</param>
    /// <param name="Flavor">The flavor's name.</param>
    /// <param name="Instances">Their ids, 1 to <see cref="MaxLaunchesPerCommand"/>.</param>
    public sealed record Launch(
        ImageName Image, FlavorName Flavor, IReadOnlyList<InstanceId> Instances)
        : ISchedulerMessage
    {
        /// <summary>What was chosen beside image and flavor.</summary>
        public LaunchOptions Options { get; init; } = LaunchOptions.None;
    }

    /// <summary>The launches are durable, in the order they were asked for.</summary>
    public sealed record LaunchAccepted(IReadOnlyList<InstanceInfo> Instances) : ISchedulerMessage;

    /// <summary>Removes an instance, or takes a launch back; answered by
    /// <see cref="InstanceFound"/> with the phase it is in then. One that is gone already is no
    /// error.</summary>
    public sealed record DeleteInstance(InstanceId Id) : ISchedulerMessage;

    /// <summary>Answered by <see cref="InstanceFound"/>. An instance that was deleted of late is
    /// found, as deleted.</summary>
    public sealed record GetInstance(InstanceId Id) : ISchedulerMessage;

    /// <summary>An instance.</summary>
    public sealed record InstanceFound(InstanceInfo Instance) : ISchedulerMessage;

    /// <summary>Answered by <see cref="InstancePage"/>: by id, after one, at most so many.
    /// </summary>
    /// <param name="After">The last id of the page before; null for the first.</param>
    /// <param name="Limit">1 to <see cref="MaxPage"/>.</param>
    /// <param name="Host">Only those on this host.</param>
    /// <param name="Phase">Only those in this phase.</param>
    public sealed record ListInstances(
        InstanceId? After, int Limit, HostId? Host = null, LaunchPhase? Phase = null)
        : ISchedulerMessage;

    /// <summary>Instances that are not deleted.</summary>
    /// <param name="Instances">By id.</param>
    /// <param name="Next">What to give as <c>After</c> for the next page; null: this is the
    /// last.</param>
    /// <param name="Total">How many instances there are in all, without filters.</param>
    public sealed record InstancePage(
        IReadOnlyList<InstanceInfo> Instances, InstanceId? Next, int Total) : ISchedulerMessage;

    /// <summary>
    /// Answered by <see cref="InstanceFound"/> once the instance is settled: active, failed or
    /// deleted, and <see cref="For"/> says which of them to wait for. When the time is over, by
    /// <see cref="Refused"/> with Timeout; when too many wait, with Busy.
    /// </summary>
    /// <param name="Id">The instance.</param>
    /// <param name="For">What to wait for.</param>
    /// <param name="Within">How long.</param>
    public sealed record AwaitInstance(InstanceId Id, Awaited For, TimeSpan Within)
        : ISchedulerMessage;

    /// <summary>What a client waits for.</summary>
    public enum Awaited
    {
        /// <summary>The launch's end: active or failed, or deleted in between.</summary>
        Launched,

        /// <summary>The instance's end: deleted.</summary>
        Deleted,

        /// <summary>The end of the change of its disks or of the move that is under way, or the
        /// instance's.</summary>
        Changed,
    }

    // Hosts and bases.

    /// <summary>Answered by <see cref="HostList"/>.</summary>
    public sealed record ListHosts : ISchedulerMessage;

    /// <summary>All hosts that ever joined, by id.</summary>
    public sealed record HostList(IReadOnlyList<HostInfo> Hosts) : ISchedulerMessage;

    /// <summary>Answered by <see cref="HostFound"/>.</summary>
    public sealed record GetHost(HostId Id) : ISchedulerMessage;

    /// <summary>A host.</summary>
    public sealed record HostFound(HostInfo Host) : ISchedulerMessage;

    /// <summary>Answered by <see cref="BaseList"/>.</summary>
    /// <param name="Host">Only this host's; null: every host's.</param>
    public sealed record ListBases(HostId? Host) : ISchedulerMessage;

    /// <summary>Base volumes, by host and key.</summary>
    public sealed record BaseList(IReadOnlyList<BaseInfo> Bases) : ISchedulerMessage;

    /// <summary>Where a launch would go now, and why; nothing is claimed. Answered by
    /// <see cref="PlacementExplained"/>.</summary>
    public sealed record ExplainPlacement(ImageName Image, FlavorName Flavor) : ISchedulerMessage
    {
        /// <summary>What would be chosen beside image and flavor.</summary>
        public LaunchOptions Options { get; init; } = LaunchOptions.None;
    }

    /// <summary>Why an instance is where it is, and how the hosts stand to it now. Answered by
    /// <see cref="PlacementExplained"/>.</summary>
    public sealed record ExplainInstance(InstanceId Id) : ISchedulerMessage;

    /// <summary>The placement that a launch would get.</summary>
    /// <param name="Host">The host; null: none can take it.</param>
    /// <param name="Hosts">Each host's terms, best first, then those filtered out.</param>
    public sealed record PlacementExplained(HostId? Host, IReadOnlyList<HostTerms> Hosts)
        : ISchedulerMessage
    {
        /// <summary>The instance as it is, where one was asked about.</summary>
        public InstanceInfo? Instance { get; init; }
    }

    // Events.

    /// <summary>
    /// Sends the sender every event from now on as <see cref="Events"/>, until it stops or says
    /// <see cref="UnsubscribeEvents"/>; answered first by <see cref="EventsSubscribed"/>.
    /// </summary>
    /// <param name="After">The last sequence number that was seen: what came since is sent first,
    /// as far as it is kept. Null: only new events.</param>
    public sealed record SubscribeEvents(long? After) : ISchedulerMessage;

    /// <summary>The subscription stands.</summary>
    /// <param name="Next">The sequence number that comes next at the earliest.</param>
    /// <param name="Missed">Events after the one that was asked for are no longer kept.</param>
    public sealed record EventsSubscribed(long Next, bool Missed) : ISchedulerMessage;

    /// <summary>Ends the sender's subscription.</summary>
    public sealed record UnsubscribeEvents : ISchedulerMessage;

    /// <summary>What happened, in order.</summary>
    public sealed record Events(IReadOnlyList<ClusterEvent> Items) : ISchedulerMessage;
}
