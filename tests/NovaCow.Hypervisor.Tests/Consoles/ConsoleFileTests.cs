using System.Globalization;
using System.Text;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Hypervisor.Consoles;
using NovaCow.Hypervisor.Posix;
using NovaCow.Hypervisor.Tests.Support;

namespace NovaCow.Hypervisor.Tests.Consoles;

/// <summary>Guests here write their own places: each line is the offset that it begins at, so that
/// whatever is read says whether it is where it is said to be.</summary>
public sealed class ConsoleFileTests : IDisposable
{
    private const int LineBytes = 16;
    private const int Keep = 64 << 10;
    private const int Block = 4096;

    private readonly Scratch _scratch = new();

    private string File => _scratch.At("console.log");

    private ConsoleFile Console => new(File, Keep);

    [Fact]
    public void A_console_that_is_not_there_yet_is_empty()
    {
        var part = Console.Read(0, 100);
        Assert.Equal((0, 0, 0), (part.Offset, part.Bytes.Length, part.EndOffset));
        Assert.Null(Console.Trim());
    }

    [Theory]
    [InlineData(0, 0, 100)]
    [InlineData(32, 32, 100)]
    [InlineData(1_590, 1_590, 10)]
    [InlineData(1_600, 1_600, 0)]
    [InlineData(9_999, 1_600, 0)]
    [InlineData(-16, 1_584, 16)]
    [InlineData(-9_999, 0, 100)]
    [InlineData(long.MaxValue, 1_600, 0)]
    [InlineData(long.MinValue, 0, 100)]
    public void A_part_is_read_from_the_beginning_or_from_the_end(
        long offset, long from, int count)
    {
        Append(100);
        var part = Console.Read(offset, 100);
        Assert.Equal((from, count, 1_600L), (part.Offset, part.Bytes.Length, part.EndOffset));
        AssertTrue(part);
    }

    [Fact]
    public void Only_the_newest_is_kept_and_places_stay_what_they_were()
    {
        Append(100_000);
        var end = 100_000L * LineBytes;
        Assert.Null(Console.Trim());
        Assert.InRange(AllocatedBytes(), Keep, Keep + (2 * Block));

        var part = Console.Read(0, 1000);
        Assert.InRange(part.Offset, end - Keep - Block, end - Keep);
        Assert.Equal((1000, end), (part.Bytes.Length, part.EndOffset));
        AssertTrue(part);
        AssertTrue(Console.Read(-Keep, 1000));
        Assert.Equal(end - Keep, Console.Read(-Keep, 1000).Offset);
    }

    [Fact]
    public void What_is_no_longer_than_what_is_kept_is_left_alone()
    {
        Append(Keep / LineBytes);
        Assert.Null(Console.Trim());
        Assert.Equal(0, Console.Read(0, 1).Offset);
    }

    [Fact]
    public async Task A_reader_that_follows_reads_what_was_written_while_it_is_written_and_trimmed()
    {
        const int lines = 200_000;
        var console = new ConsoleFile(File, 1 << 20);
        var writer = Task.Run(() => Append(lines, batch: 100));
        var place = 0L;
        while (place < lines * LineBytes)
        {
            Assert.Null(console.Trim());
            var part = console.Read(place, 64 << 10);
            Assert.True(part.Offset >= place);
            AssertTrue(part);
            place = part.Offset + part.Bytes.Length;
            Assert.False(writer.IsFaulted, writer.Exception?.Message);
        }

        await writer;
        Assert.Equal(lines * LineBytes, place);
        Assert.Null(console.Trim());
        Assert.InRange(AllocatedBytes(), 1 << 20, (1 << 20) + (2 * Block));
    }

    [Fact]
    public void Places_stay_where_virtlogd_goes_on_in_a_new_file()
    {
        // As it does: three old files are kept.
        const int linesInFile = 5000;
        for (var i = 0; i < 20; i++)
        {
            for (var n = 2; i > 0 && n >= -1; n--)
                SetAside(n);
            Append(linesInFile, from: i * linesInFile);
            Assert.Null(Console.Trim());
            var end = (i + 1L) * linesInFile * LineBytes;
            Assert.Equal(end, Console.Read(0, 0).EndOffset);
            AssertTrue(Console.Read(-1000, 1000));
            Assert.Equal(end - 1000, Console.Read(-1000, 1000).Offset);
        }

        var place = 0L;
        while (Console.Read(place, 999) is { Bytes.Length: > 0 } part)
        {
            AssertTrue(part);
            place = part.Offset + part.Bytes.Length;
        }

        Assert.Equal(20 * linesInFile * LineBytes, place);
        var allocated = Directory.EnumerateFiles(_scratch.Root).Sum(AllocatedBytes);
        Assert.InRange(allocated, Keep, Keep + (3 * Block));
    }

    [Fact]
    public void No_link_is_followed()
    {
        var other = _scratch.At("other");
        System.IO.File.WriteAllBytes(other, new byte[Keep * 4]);
        System.IO.File.CreateSymbolicLink(File, other);
        AssertRefused();

        System.IO.File.Delete(File);
        RunNow("ln", other, File);
        AssertRefused();
        Assert.True(AllocatedBytes(other) >= Keep * 4);
    }

    [Fact]
    public void What_is_no_file_is_refused_and_not_waited_for()
    {
        RunNow("mkfifo", File);
        AssertRefused();
        System.IO.File.Delete(File);
        Directory.CreateDirectory(File);
        AssertRefused();
    }

    [Fact]
    public void A_mark_that_cannot_be_ours_is_not_believed()
    {
        Append(10);
        using var file = LibC.TryOpen(File, LibC.O_RDWR, out _)!;
        foreach (var mark in new[] { $"{long.MaxValue}", "99999999999999999999", "-5", "", "x" })
        {
            Assert.True(LibC.TrySetAttribute(file, "user.novacow.begin", mark));
            Assert.Equal(0, Console.Read(0, 1).Offset);
        }
    }

    [Fact]
    public void Where_a_file_system_cannot_give_back_it_says_so_and_reads_on()
    {
        var mount = Directory.CreateDirectory(_scratch.At("ram")).FullName;
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs the right to mount");
        RunNow("mount", "-t", "ramfs", "ramfs", mount);
        try
        {
            var path = Path.Combine(mount, "console.log");
            System.IO.File.WriteAllText(path, Lines(0, 10_000));
            var console = new ConsoleFile(path, Keep);
            Assert.Contains("cannot give parts of a file back", console.Trim());
            Assert.Equal(0, console.Read(0, 10).Offset);
        }
        finally
        {
            RunNow("umount", mount);
        }
    }

    public void Dispose() => _scratch.Dispose();

    private static string Lines(int first, int count)
    {
        var text = new StringBuilder();
        for (var i = first; i < first + count; i++)
        {
            text.Append(((long)i * LineBytes).ToString(CultureInfo.InvariantCulture)
                .PadLeft(LineBytes - 1)).Append('\n');
        }

        return text.ToString();
    }

    private static void AssertTrue(ConsolePart part)
    {
        var first = part.Offset / LineBytes;
        var last = (part.Offset + part.Bytes.Length) / LineBytes;
        var lines = Lines((int)first, (int)(last - first + 1));
        Assert.Equal(
            lines.Substring((int)(part.Offset % LineBytes), part.Bytes.Length),
            Encoding.ASCII.GetString(part.Bytes));
    }

    private static long AllocatedBytes(string path)
    {
        using var file = LibC.TryOpen(path, LibC.O_RDONLY, out _)!;
        return LibC.Stat(file, path).AllocatedBytes;
    }

    private static void RunNow(string tool, params string[] arguments) =>
        SystemTool.RunAsync(tool, arguments).GetAwaiter().GetResult();

    private long AllocatedBytes() => AllocatedBytes(File);

    private void AssertRefused()
    {
        foreach (var act in new Action[] { () => Console.Read(0, 10), () => Console.Trim() })
        {
            var e = Assert.Throws<PortException>(act);
            Assert.Equal(LaunchErrorCode.Hypervisor, e.Error.Code);
        }
    }

    private void SetAside(int number)
    {
        var from = number < 0 ? File : $"{File}.{number}";
        if (System.IO.File.Exists(from))
            System.IO.File.Move(from, $"{File}.{number + 1}", overwrite: true);
        System.IO.File.Delete(File + ".3");
    }

    /// <summary>As qemu does: each write goes to the end.</summary>
    private void Append(int count, int from = 0, int batch = 10_000)
    {
        using var file = new FileStream(
            File, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        for (var i = 0; i < count; i += batch)
        {
            file.Write(Encoding.ASCII.GetBytes(
                Lines(from + i, Math.Min(batch, count - i))));
        }
    }
}
