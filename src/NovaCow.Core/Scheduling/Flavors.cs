namespace NovaCow.Core.Scheduling;

/// <summary>The flavors that a cluster has when its configuration names none.</summary>
public static class Flavors
{
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;

    /// <summary>Nova's classic five; all but the smallest have local storage and swap.</summary>
    public static IReadOnlyList<Flavor> Defaults { get; } =
    [
        Of("m1.tiny", 1, 512 * MiB, 1 * GiB, 0, 0),
        Of("m1.small", 1, 2 * GiB, 10 * GiB, 10 * GiB, 512 * MiB),
        Of("m1.medium", 2, 4 * GiB, 20 * GiB, 20 * GiB, 1 * GiB),
        Of("m1.large", 4, 8 * GiB, 40 * GiB, 40 * GiB, 2 * GiB),
        Of("m1.xlarge", 8, 16 * GiB, 80 * GiB, 80 * GiB, 4 * GiB),
    ];

    private static Flavor Of(
        string name, int vcpus, long memory, long root, long ephemeral, long swap) => new()
        {
            Name = FlavorName.Parse(name),
            VCpus = vcpus,
            MemoryBytes = memory,
            RootDiskBytes = root,
            EphemeralDisks =
                ephemeral > 0
                    ? [new BlankSpec(ephemeral, BlankFileSystem.Ext4) { IsByOsType = true }]
                    : [],
            SwapBytes = swap,
        };
}
