using NovaCow.Core;

namespace NovaCow.Storage.Inspection.Formats;

/// <summary>VDI, version 1.1, dynamic or static.</summary>
internal sealed class VdiFormat : ImageFormat
{
    private const int HeaderBytes = 512;
    private const uint BlockBytes = 1 << 20;
    private const uint FirstUnallocated = 0xffff_fffe;
    private const string Remedy = "convert it with qemu-img convert -O vdi";

    private static readonly Check<Subject>[] s_checks =
    [
        new(InspectionRules.VdiHeader, s => s.Head.U32Le(0x44) == 0x0001_0001 ? null
            : $"version 0x{s.Head.U32Le(0x44):x8} at offset 0x44; {Remedy}"),
        new(InspectionRules.VdiDifferencing, s => s.Head.U32Le(0x4c) != 4 ? null
            : $"image type 4 at offset 0x4c: it is based on another file; {Remedy}"),
        new(InspectionRules.VdiImageType, s => s.Head.U32Le(0x4c) is 1 or 2 ? null
            : $"image type {s.Head.U32Le(0x4c)} at offset 0x4c; {Remedy}"),
        new(InspectionRules.VdiDifferencing, s => s.Head[0x1a8..0x1c8].IsZero() ? null
            : $"a link or a parent at offset 0x1a8; {Remedy}"),
        new(InspectionRules.VirtualSize, s => s.Limits.FaultOfVirtualSize(s.DiskBytes)),
        new(InspectionRules.VdiHeader, FaultOfSizes),
    ];

    public override string Name => "vdi";

    public override DiskFormat? Format => DiskFormat.Vdi;

    public override bool Detects(ImageBytes image) => image.Has(0x40, [0x7f, 0x10, 0xda, 0xbe]);

    public override Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken)
    {
        if (image.Length < HeaderBytes)
        {
            return InspectionRules.VdiHeader.Broken(
                $"the file has {image.Length} bytes, less than a header; download it again");
        }

        var subject = new Subject(image, limits);
        return s_checks.FirstBroken(subject)
            ?? FaultOfMap(subject, cancellationToken)
            ?? (Judgement)new Judgement.Sound(
                (long)(subject.DiskBytes + 511) / 512 * 512,
                [subject.Head.U32Le(0x4c) == 1 ? "dynamic VDI" : "static VDI"]);
    }

    private static string? FaultOfSizes(Subject s) =>
        s.Head.U32Le(0x168) == 512
            && s.Head.U32Le(0x178) == BlockBytes
            && s.MapOffset >= HeaderBytes && s.MapOffset % 512 == 0
            && s.DataOffset % 512 == 0 && s.DataOffset >= s.MapOffset + (s.Blocks * 4L)
            && s.DiskBytes <= (ulong)s.Blocks * BlockBytes
            ? null
            : $"{s.Blocks} blocks of {s.Head.U32Le(0x178)} bytes for {s.DiskBytes}, sectors of "
              + $"{s.Head.U32Le(0x168)}, map at {s.MapOffset}, data at {s.DataOffset}; {Remedy}";

    private static Judgement.Refusal? FaultOfMap(
        Subject s, CancellationToken cancellationToken)
    {
        var units = (Math.Max(0, s.Image.Length - s.DataOffset) / BlockBytes) + 1;
        var map = new UnitMap(units);
        var fault = units > s.Limits.MaxHostUnits
            ? $"the file has more than {s.Limits.MaxHostUnits} blocks"
            : new MapTable("block map", s.MapOffset, s.Blocks, 4, IsBigEndian: false).FirstFault(
                s.Image,
                s.Limits,
                (block, at) => block >= FirstUnallocated
                    || (s.Image.Holds(s.DataOffset + ((long)block * BlockBytes), 1)
                        && map.TryTake((long)block))
                    ? null
                    : $"block {block}, named at offset {at}, leaves the file or is named twice",
                cancellationToken);
        return fault is null ? null : InspectionRules.VdiMap.Broken($"{fault}; {Remedy}");
    }

    private sealed class Subject(ImageBytes image, InspectionLimits limits)
    {
        public ImageBytes Image => image;

        public InspectionLimits Limits => limits;

        public ReadOnlySpan<byte> Head => image.Head;

        public long MapOffset => Head.U32Le(0x154);

        public long DataOffset => Head.U32Le(0x158);

        public ulong DiskBytes => Head.U64Le(0x170);

        public uint Blocks => Head.U32Le(0x180);
    }
}
