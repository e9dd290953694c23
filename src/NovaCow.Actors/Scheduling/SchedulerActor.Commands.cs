using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

// The journal's events have the same names.
using ImageDeleted = NovaCow.Actors.Protocols.SchedulerProtocol.ImageDeleted;
using ImageRegistered = NovaCow.Actors.Protocols.SchedulerProtocol.ImageRegistered;
using Launch = NovaCow.Actors.Protocols.SchedulerProtocol.Launch;
using LaunchAccepted = NovaCow.Actors.Protocols.SchedulerProtocol.LaunchAccepted;

namespace NovaCow.Actors.Scheduling;

/// <summary>What clients ask: the catalogue, instances, and events.</summary>
public sealed partial class SchedulerActor
{
    private void CatalogueCommands()
    {
        Command<RegisterImage>(m => Carry(
            _core.Register(m.Image, Now),
            d => new ImageRegistered(_core.State.Images[m.Image.Name], d.Events.Count > 0)));
        Command<DeleteImage>(m => Carry(
            _core.Unregister(m.Name, Now), _ => new ImageDeleted(m.Name)));
        Command<GetImage>(m => Answer(Found(m.Name)));
        Command<ListImages>(_ => Answer(new ImageList(
            [.. _core.State.Images.Values.OrderBy(i => i.Name.Value, StringComparer.Ordinal)])));
        Command<GetFlavor>(m => Answer(
            _core.Flavors.FirstOrDefault(f => f.Name == m.Name) is { } flavor
                ? new FlavorFound(flavor)
                : Refuse(
                    RequestErrorCode.FlavorNotFound,
                    $"flavor {m.Name}: there is none of that name; choose one of the list")));
        Command<ListFlavors>(_ => Answer(new FlavorList(_core.Flavors)));
    }

    private void InstanceCommands()
    {
        Command<Launch>(m => Carry(
            _core.Launch(
                new LaunchOrder(m.Image, m.Flavor) { Options = m.Options }, m.Instances, Now),
            d => new LaunchAccepted(d.Instances)));
        Command<DeleteInstance>(m => Carry(
            _core.Delete(m.Id, Now), d => new InstanceFound(d.Instances[0])));
        Command<GetInstance>(m => Answer(
            _core.Find(m.Id, Now) is { } info ? new InstanceFound(info) : NoSuchInstance(m.Id)));
        Command<ListInstances>(OnListInstances);
        Command<AwaitInstance>(OnAwaitInstance);
        Command<ExplainPlacement>(OnExplain);
        Command<ExplainInstance>(explain => Answer(
            _core.Explain(explain.Id, Now) is { } found
                ? Explained(found.Terms) with { Instance = found.Instance }
                : NoSuchInstance(explain.Id)));
    }

    private void EventCommands()
    {
        Command<SubscribeEvents>(OnSubscribe);
        Command<UnsubscribeEvents>(_ =>
        {
            if (_subscribers.Remove(Sender) && !_hostOf.ContainsKey(Sender))
                Context.Unwatch(Sender);
        });
    }

    private void OnListInstances(ListInstances list)
    {
        if (list.Limit is < 1 or > MaxPage)
        {
            Answer(Refuse(
                RequestErrorCode.InvalidRequest,
                $"a page of {list.Limit} instances: ask for 1 to {MaxPage}"));
            return;
        }

        var (items, next) = _core.List(list.After, list.Limit, list.Host, list.Phase, Now);
        Answer(new InstancePage(items, next, _core.State.Launches.Count));
    }

    private void OnAwaitInstance(AwaitInstance wait)
    {
        if (_core.Find(wait.Id, Now) is not { } info)
            Answer(NoSuchInstance(wait.Id));
        else if (InstanceWaiters.IsAnswered(wait.For, info))
            Answer(new InstanceFound(info));
        else if (_waiters.IsFull)
        {
            Answer(Refuse(
                RequestErrorCode.Busy,
                $"instance {wait.Id}: {_settings.MaxWaiters} clients wait already; ask for its "
                    + "state instead, or try again later"));
        }
        else
        {
            var within = wait.Within < _settings.MaxWait ? wait.Within : _settings.MaxWait;
            _waiters.Add(wait.Id, wait.For, Sender, Now + within);
        }
    }

    private void OnExplain(ExplainPlacement explain)
    {
        var (terms, refusal) = _core.Explain(
            new LaunchOrder(explain.Image, explain.Flavor) { Options = explain.Options }, Now);
        Answer(refusal is not null ? new Refused(refusal) : Explained(terms));
    }

    private static PlacementExplained Explained(IReadOnlyList<HostTerms> terms) => new(
        terms.Count > 0 && terms[0].FilteredBecause is null ? terms[0].Host : null, terms);

    private void OnSubscribe(SubscribeEvents subscribe)
    {
        if (_subscribers.IsFull)
        {
            Answer(Refuse(
                RequestErrorCode.Busy,
                $"{_settings.MaxSubscribers} clients follow the events already; try again later"));
            return;
        }

        if (_subscribers.Add(Sender))
            Context.Watch(Sender);
        var (events, missed) = subscribe.After is { } after ? _events.After(after) : ([], false);
        Sender.Tell(new EventsSubscribed(_events.Last + 1, missed));
        foreach (var batch in events.Chunk(MaxEventsPerMessage))
            Sender.Tell(new Events(batch));
    }

    private static Refused NoSuchInstance(InstanceId id) =>
        new(SchedulerCore.NoSuchInstance(id).Refusal!);

    private static Refused NoSuchHost(HostId id) => new(SchedulerCore.NoSuchHost(id).Refusal!);

    private static Refused Refuse(RequestErrorCode code, string message) =>
        new(new RequestError(code, message));

    private const int MaxEventsPerMessage = 500;
}
