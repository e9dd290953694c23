namespace NovaCow.Core.Tests.Scheduling;

/// <summary>Random numbers that cost next to nothing to seed, so that each step of a history has a
/// seed of its own and can be left out without changing the others (SplitMix64).</summary>
internal sealed class Dice
{
    private ulong _state;

    public void Seed(ulong seed) => _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to below a bound.</summary>
    public int Next(int below) => (int)(Next() % (uint)below);

    /// <summary>From one number to below another.</summary>
    public int Next(int from, int below) => from + Next(below - from);
}
