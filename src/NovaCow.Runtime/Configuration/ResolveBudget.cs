namespace NovaCow.Runtime.Configuration;

/// <summary>What resolving one configuration may still cost; it refuses to go beyond.</summary>
internal sealed class ResolveBudget(HoconLimits limits)
{
    private long steps;
    private long characters;

    public void Spend(long count, HoconValue on)
    {
        if ((steps += count) > limits.MaxResolveSteps)
            throw new ConfigurationException(
                $"substitutions expand to more than {limits.MaxResolveSteps} steps of work "
                + $"({nameof(limits.MaxResolveSteps)}): refer to less", on.Origin);
    }

    /// <summary>Breaking a cycle unwinds the stack, which costs as much as many steps.</summary>
    public void SpendOnCycle(HoconValue on) => Spend(limits.MaxResolveSteps / 1_000, on);

    public void SpendCharacters(HoconSimple text)
    {
        if ((characters += text.Text.Length) > limits.MaxResolvedCharacters)
            throw new ConfigurationException(
                $"substitutions expand to more than {limits.MaxResolvedCharacters} characters "
                + $"({nameof(limits.MaxResolvedCharacters)}): refer to less", text.Origin);
    }
}

/// <summary>Unwinds to where a cycle can be broken; never leaves the resolver.</summary>
internal sealed class CycleSignal(HoconUnresolved target, string chain = "") : Exception
{
    public HoconUnresolved Target { get; } = target;

    public string Chain { get; } = chain;
}
