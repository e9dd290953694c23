using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What a store was asked for and what it has acknowledged: so what must be on it after a
/// power cut, and what may be.</summary>
internal sealed class StoreLedger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BaseKey, ExpectedBase> _bases = [];
    private readonly Dictionary<InstanceId, ExpectedInstance> _instances = [];
    private readonly Dictionary<string, bool> _stores = [];

    public IReadOnlyList<ExpectedBase> Bases
    {
        get
        {
            lock (_gate)
                return [.. _bases.Values];
        }
    }

    public IReadOnlyList<ExpectedInstance> Instances
    {
        get
        {
            lock (_gate)
                return [.. _instances.Values];
        }
    }

    /// <summary>Names of stores beside this one, and whether they were acknowledged.</summary>
    public IReadOnlyList<KeyValuePair<string, bool>> Stores
    {
        get
        {
            lock (_gate)
                return [.. _stores];
        }
    }

    public bool Has(BaseKey key) => Bases.Any(b => b.Content.Key == key);

    public ExpectedInstance? Find(InstanceId id) => Instances.FirstOrDefault(i => i.Id == id);

    /// <summary>It is being made or removed; what was acknowledged stays so while it is only made
    /// again.</summary>
    public void Begin(TestContent content, bool isRemoval)
    {
        lock (_gate)
        {
            var was = _bases.GetValueOrDefault(content.Key)?.MustBe ?? false;
            _bases[content.Key] = new(content, MustBe: was && !isRemoval);
        }
    }

    public void End(TestContent content, bool isThere)
    {
        lock (_gate)
        {
            if (isThere)
                _bases[content.Key] = new(content, MustBe: true);
            else
                _bases.Remove(content.Key);
        }
    }

    /// <summary>From now on either what was there or this may be found.</summary>
    public void Begin(ExpectedInstance next, bool isRemoval)
    {
        lock (_gate)
        {
            var was = _instances.GetValueOrDefault(next.Id);
            _instances[next.Id] = next with
            {
                MustBe = was is { MustBe: true } && !isRemoval,
                Epochs = [.. was?.Epochs ?? [], .. next.Epochs],
                Disks = [.. next.Disks.Select(d => Either(
                    d, was?.Disks.FirstOrDefault(o => o.Name == d.Name)))],
            };
        }
    }

    private static ExpectedDisk Either(ExpectedDisk next, ExpectedDisk? was) => was is null
        ? next
        : next with
        {
            Sizes = [.. next.Sizes, .. was.Sizes],
            Before = was.Before ?? was.Content,
        };

    /// <summary>From now on exactly this must be found; null: nothing.</summary>
    public void End(InstanceId id, ExpectedInstance? now)
    {
        lock (_gate)
        {
            if (now is null)
                _instances.Remove(id);
            else
                _instances[id] = now with { MustBe = true };
        }
    }

    /// <summary>The images made of disks that must be there.</summary>
    public IReadOnlySet<Digest> Captures { get; private set; } = new HashSet<Digest>();

    /// <summary>Whether any of them, and one more, may be there or not.</summary>
    public bool IsCapturing { get; private set; }

    public void BeginCapture() => IsCapturing = true;

    /// <summary>From now on exactly these must be found.</summary>
    public void EndCapture(IReadOnlySet<Digest> captures) =>
        (Captures, IsCapturing) = (captures, false);

    /// <summary>A store is being made; one that was acknowledged stays so.</summary>
    public void BeginStore(string name)
    {
        lock (_gate)
            _stores.TryAdd(name, false);
    }

    public void EndStore(string name)
    {
        lock (_gate)
            _stores[name] = true;
    }

    public void ForgetStores()
    {
        lock (_gate)
            _stores.Clear();
    }
}

/// <summary>A base that may, or must, be there.</summary>
internal sealed record ExpectedBase(TestContent Content, bool MustBe);

/// <summary>An instance that may, or must, be there, with the records that it may have.</summary>
internal sealed record ExpectedInstance(
    InstanceId Id, IReadOnlyList<ExpectedDisk> Disks, IReadOnlyList<long> Epochs)
{
    public bool MustBe { get; init; }
}

/// <summary>A disk, what a guest must read from it (and zeros beyond), and its possible sizes.
/// </summary>
internal sealed record ExpectedDisk(
    DiskName Name, TestContent Content, IReadOnlyList<long> Sizes)
{
    /// <summary>What a guest may read in its stead, as long as it is being made anew.</summary>
    public TestContent? Before { get; init; }
}
