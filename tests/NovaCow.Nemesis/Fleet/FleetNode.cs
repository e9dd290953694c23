using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Nemesis.Fleet;

/// <summary>One node through all lives of its process.</summary>
internal sealed class FleetNode(string name, Func<NodeProcess> start) : IAsyncDisposable
{
    private readonly List<NodeProcess> _lives = [];

    public string Name => name;

    /// <summary>Held by whoever kills, stops or pauses it.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    public bool IsRunning => _lives is [.., { HasExited: false }];

    public NodeProcess Process => _lives[^1];

    /// <summary>What all its processes said.</summary>
    public string Log => string.Join("--- started again\n", _lives.Select(l => l.Output));

    public void Start() => _lives.Add(start());

    public async ValueTask DisposeAsync()
    {
        foreach (var life in _lives)
            await life.DisposeAsync();
        Turn.Dispose();
    }
}
