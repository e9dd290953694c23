namespace NovaCow.Storage.Tests.Inspection;

/// <summary>A VDI of 2 MiB in two blocks, of which it holds one.</summary>
internal static class CraftedVdi
{
    public const int Map = 512;
    public const int Data = 1024;

    public static byte[] Image(uint type = 1) => new byte[Data + (1 << 20)]
        .Put(0, "<<< Virtual Disk Image >>>\n"u8)
        .Put(0x40, 0x7f, 0x10, 0xda, 0xbe)
        .U32Le(0x44, 0x10001)
        .U32Le(0x48, 0x180)
        .U32Le(0x4c, type)
        .U32Le(0x154, Map)
        .U32Le(0x158, Data)
        .U32Le(0x168, 512)
        .U64Le(0x170, 2 << 20)
        .U32Le(0x178, 1 << 20)
        .U32Le(0x180, 2)
        .U32Le(0x184, 1)
        .U32Le(Map, 0)
        .U32Le(Map + 4, uint.MaxValue);
}
