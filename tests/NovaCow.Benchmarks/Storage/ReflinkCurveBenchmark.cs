using System.Diagnostics;
using NovaCow.Storage;
using NovaCow.Storage.Tests;

namespace NovaCow.Benchmarks.Storage;

/// <summary>
/// What one sharing of blocks (FICLONE) costs, unsynced: against the pieces that the base lies in,
/// and against the other clones of a base in one piece that guests have written to.
/// </summary>
internal sealed class ReflinkCurveBenchmark : IBenchmark
{
    private const int Clones = 9;
    private const int WritesPerClone = 1000;
    private const int Block = 4096;
    private const long DivergingBytes = 256L << 20;
    private const long MountBytes = 64L << 30;
    private static readonly int[] Pieces = [1, 100, 1_000, 10_000, 20_000];
    private static readonly int[] Others = [0, 16, 64, 128];
    private readonly StoreFiles _files = new();

    public string Name => "reflink-curve";

    public string About => "FICLONE by the base's pieces and by how far its clones have diverged";

    public async Task RunAsync(string[] args)
    {
        Console.WriteLine($"milliseconds of one FICLONE, median of {Clones}");
        foreach (var kind in (LoopFileSystem[])[LoopFileSystem.Xfs, LoopFileSystem.Btrfs])
        {
            if (LoopMount.WhyNot(kind) is { } reason)
            {
                Console.WriteLine($"{kind.Name}: skipped: {reason}");
                continue;
            }

            await using var mount = await LoopMount.MakeAsync(kind, MountBytes);
            Console.WriteLine($"{kind.Name}, by the pieces of the base:");
            foreach (var pieces in Pieces)
                Print(ByPieces(mount.Path, pieces));
            Console.WriteLine($"{kind.Name}, by the others with {WritesPerClone} writes each:");
            Diverge(mount.Path);
        }

        static void Print((long Pieces, double Milliseconds) row) =>
            Console.WriteLine($"  {row.Pieces,6} {row.Milliseconds,10:F3} ms");
    }

    private (long Pieces, double Milliseconds) ByPieces(string folder, int pieces)
    {
        var path = $"{folder}/base-{pieces}";
        using (var file = _files.Create(path))
        {
            // A hole after each block keeps it a piece of its own.
            _files.SetLength(file, path, pieces * 4L * Block);
            var block = new byte[Block];
            for (var i = 0; i < pieces; i++)
                _files.Write(file, path, block, i * 4L * Block);
            _files.Sync(file, path);
            var found = FileExtents.Read(file, path, CancellationToken.None)!.Value.Count;
            var took = Median(folder, path);
            _files.Delete(path);
            return (found, took);
        }
    }

    private void Diverge(string folder)
    {
        var path = $"{folder}/base";
        using (var file = _files.Create(path))
        {
            var piece = new byte[1 << 20];
            for (var at = 0L; at < DivergingBytes; at += piece.Length)
                _files.Write(file, path, piece, at);
            _files.Sync(file, path);
        }

        var made = 0;
        foreach (var others in Others)
        {
            for (; made < others; made++)
                WriteOver(path, $"{folder}/other-{made}", made);
            Console.WriteLine($"  {others,6} {Median(folder, path),10:F3} ms");
        }
    }

    private void WriteOver(string path, string clone, int seed)
    {
        using var source = _files.OpenToRead(path);
        using var file = _files.Create(clone);
        _files.Clone(source, file, clone);
        var random = new Random(seed);
        var block = new byte[Block];
        for (var i = 0; i < WritesPerClone; i++)
            _files.Write(file, clone, block, random.NextInt64(DivergingBytes / Block) * Block);
        _files.Sync(file, clone);
    }

    private double Median(string folder, string path)
    {
        using var source = _files.OpenToRead(path);
        var clone = $"{folder}/clone";
        List<double> took = [];
        for (var i = 0; i < Clones; i++)
        {
            using (var file = _files.Create(clone))
            {
                var clock = Stopwatch.StartNew();
                _files.Clone(source, file, clone);
                took.Add(clock.Elapsed.TotalMilliseconds);
            }

            _files.Delete(clone);
        }

        return took.Order().ElementAt(Clones / 2);
    }
}
