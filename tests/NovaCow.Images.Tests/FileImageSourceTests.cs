using System.Security.Cryptography;
using NovaCow.Core;
using NovaCow.Images.Tests.Support;

namespace NovaCow.Images.Tests;

public sealed class FileImageSourceTests : IDisposable
{
    private static readonly byte[] Content = Scratch.RandomBytes(700_001);

    private readonly Scratch _scratch = new();
    private readonly FileImageSource _source;

    public FileImageSourceTests()
    {
        Directory.CreateDirectory(_scratch.At("images"));
        _source = new FileImageSource(new FileImageOptions { Roots = [_scratch.At("images")] });
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("plain.raw")]
    [InlineData("deep/er/with space.raw")]
    [InlineData("hash#percent%20question?.raw")]
    public async Task A_file_below_a_root_is_copied_with_its_digest(string name)
    {
        var path = _scratch.Write("images/" + name, Content);
        var fetched = await FetchAsync(Request(path));

        Assert.Equal(Scratch.DigestOf(Content), fetched.Digest);
        Assert.Equal(Content.Length, fetched.SizeBytes);
        Assert.Equal(Content.Length, fetched.TransferredBytes);
        Assert.Equal(Content, await File.ReadAllBytesAsync(fetched.Path));
        Assert.Equal(["image"], Directory.GetFiles(_scratch.Root).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_file_uri_with_escapes_and_localhost_is_understood()
    {
        var path = _scratch.Write("images/a b.raw", Content);
        await FetchAsync(_scratch.Request(new Uri($"file://localhost{path.Replace(" ", "%20")}")));
        Assert.Equal(Content, await File.ReadAllBytesAsync(_scratch.DestinationPath));
    }

    [Fact]
    public async Task A_sha512_digest_is_checked_as_such()
    {
        var path = _scratch.Write("images/a.raw", Content);
        var expected = Digest.FromHash("sha512", SHA512.HashData(Content));
        Assert.Equal(expected, (await FetchAsync(Request(path, expected))).Digest);
    }

    [Fact]
    public async Task A_wrong_digest_discards_the_file_and_shows_both()
    {
        var path = _scratch.Write("images/a.raw", Content);
        var expected = Scratch.DigestOf([1]);
        var error = await RefusedAsync(Request(path, expected));

        Assert.Equal((LaunchErrorCode.ChecksumMismatch, false), (error.Code, error.IsRetryable));
        Assert.Contains(expected.Hex, error.Message);
        Assert.Contains(Scratch.DigestOf(Content).Hex, error.Message);
        _scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task An_empty_file_is_fetched_as_it_is()
    {
        var fetched = await FetchAsync(Request(_scratch.Write("images/empty.raw", [])));
        Assert.Equal((0L, Scratch.DigestOf([])), (fetched.SizeBytes, fetched.Digest));
    }

    [Fact]
    public async Task A_path_outside_the_roots_is_refused_with_the_key_to_change()
    {
        var error = await RefusedAsync(Request(_scratch.Write("elsewhere.raw", Content)));
        Assert.Equal((LaunchErrorCode.InvalidRequest, false), (error.Code, error.IsRetryable));
        Assert.Contains("novacow.images.file.roots", error.Message);
        Assert.Contains("elsewhere.raw", error.Message);
    }

    [Fact]
    public async Task A_directory_whose_name_only_starts_like_a_root_is_outside()
    {
        var error = await RefusedAsync(Request(_scratch.Write("images-private/a.raw", Content)));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Code);
    }

    [Fact]
    public async Task A_link_out_of_the_root_is_refused_and_a_link_within_it_is_followed()
    {
        _scratch.Write("secret", Content);
        _scratch.Write("images/real.raw", Content);
        File.CreateSymbolicLink(_scratch.At("images/out.raw"), "../secret");
        File.CreateSymbolicLink(_scratch.At("images/in.raw"), "real.raw");

        var error = await RefusedAsync(Request(_scratch.At("images/out.raw")));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Code);
        Assert.Contains(_scratch.At("secret"), error.Message);
        await FetchAsync(Request(_scratch.At("images/in.raw")));
        error = await RefusedAsync(Request(_scratch.At("images/../secret")));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Code);
    }

    [Fact]
    public async Task A_root_that_is_itself_a_link_still_holds_its_images()
    {
        Directory.CreateSymbolicLink(_scratch.At("alias"), _scratch.At("images"));
        _scratch.Write("images/a.raw", Content);
        var source = new FileImageSource(new FileImageOptions { Roots = [_scratch.At("alias/")] });
        await source.FetchAsync(Request(_scratch.At("alias/a.raw")), null, default);
        Assert.True(File.Exists(_scratch.DestinationPath));
    }

    [Fact]
    public async Task A_directory_a_fifo_and_a_device_are_refused_without_being_opened()
    {
        Assert.SkipUnless(Scratch.Run("mkfifo", _scratch.At("images/fifo")) == 0, "needs mkfifo");
        Directory.CreateDirectory(_scratch.At("images/directory"));
        foreach (var name in new[] { "images/fifo", "images/directory" })
        {
            var error = await RefusedAsync(Request(_scratch.At(name)));
            Assert.Equal(LaunchErrorCode.InvalidRequest, error.Code);
            Assert.Contains("not a regular file", error.Message);
        }

        var anywhere = new FileImageSource(new FileImageOptions { Roots = ["/"] });
        var refused = await Assert.ThrowsAsync<PortException>(
            () => anywhere.FetchAsync(Request("/dev/zero"), null, default));
        Assert.Contains("not a regular file", refused.Message);
    }

    [Fact]
    public async Task Missing_file_remote_host_and_no_roots_each_say_so()
    {
        var missing = await RefusedAsync(Request(_scratch.At("images/nothing.raw")));
        Assert.Equal((LaunchErrorCode.ImageNotFound, false), (missing.Code, missing.IsRetryable));
        var remote = await RefusedAsync(_scratch.Request(new Uri("file://server/share/a.raw")));
        Assert.Equal(LaunchErrorCode.InvalidRequest, remote.Code);

        var path = _scratch.Write("images/a.raw", Content);
        var closed = new FileImageSource(new FileImageOptions { Roots = [] });
        var refused = await Assert.ThrowsAsync<PortException>(
            () => closed.FetchAsync(Request(path), null, default));
        Assert.Contains("none are configured", refused.Message);
    }

    [Fact]
    public async Task A_file_above_the_cap_is_refused_before_a_byte_is_copied()
    {
        var request = Request(_scratch.Write("images/a.raw", Content)) with
        {
            MaxBytes = Content.Length - 1,
        };
        var error = await RefusedAsync(request);
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Code);
        Assert.Contains((Content.Length - 1).ToString(), error.Message);
        _scratch.AssertNothingLeft();
        await FetchAsync(request with { MaxBytes = Content.Length });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_changes_while_it_is_read_is_detected(bool grows)
    {
        var path = _scratch.Write("images/a.raw", Content);
        void Change(FetchProgress at)
        {
            if (at.ReceivedBytes == Content.Length)
                return;
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(grows ? Content.Length + 1 : 300_000);
        }

        var error = await Assert.ThrowsAsync<PortException>(() => _source.FetchAsync(
            Request(path), new ProgressLog { OnReport = Change }, default));
        Assert.Equal(LaunchErrorCode.ImageSource, error.Error.Code);
        Assert.True(error.Error.IsRetryable);
        Assert.Contains("changed while", error.Message);
        _scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task A_cancelled_copy_leaves_nothing()
    {
        var path = _scratch.Write("images/a.raw", Content);
        using var cancel = new CancellationTokenSource();
        var progress = new ProgressLog { OnReport = _ => cancel.Cancel() };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _source.FetchAsync(Request(path), progress, cancel.Token));
        _scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task Zeros_become_holes_and_the_bytes_stay_the_same()
    {
        var content = new byte[8 << 20];
        Scratch.RandomBytes(100).CopyTo(content, 3 << 20);
        var path = _scratch.Write("images/sparse.raw", content);
        var fetched = await FetchAsync(Request(path));

        Assert.Equal(Scratch.DigestOf(content), fetched.Digest);
        Assert.Equal(content, await File.ReadAllBytesAsync(fetched.Path));
        Assert.Equal(0, Scratch.Run(
            "sh", "-c", $"test $(stat -c %b '{fetched.Path}') -le $((1024 * 1024 / 512))"));
    }

    [Fact]
    public async Task What_an_earlier_fetch_left_is_replaced_or_used_if_it_is_the_pinned_image()
    {
        var path = _scratch.Write("images/a.raw", Content);
        _scratch.Write("image", [1, 2, 3]);
        _scratch.Write("image.part", Scratch.RandomBytes(900_000, seed: 9));
        _scratch.Write("image.part.json", [1]);
        var expected = Scratch.DigestOf(Content);
        Assert.Equal(Content.Length, (await FetchAsync(Request(path, expected))).TransferredBytes);
        Assert.Equal(Content, await File.ReadAllBytesAsync(_scratch.DestinationPath));

        Assert.Equal(0, (await FetchAsync(Request(path, expected))).TransferredBytes);
        Assert.Equal(["image"], Directory.GetFiles(_scratch.Root).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_full_disk_is_said_and_leaves_nothing()
    {
        var full = _scratch.Mount("full", "-t", "tmpfs", "-o", "size=256k", "none");
        var request = Request(_scratch.Write("images/a.raw", Content)) with
        {
            DestinationPath = Path.Combine(full, "image"),
        };
        var error = await RefusedAsync(request);
        Assert.Equal((LaunchErrorCode.InsufficientStorage, true), (error.Code, error.IsRetryable));
        Assert.Empty(Directory.GetFiles(full));
    }

    [Fact]
    public async Task Where_blocks_can_be_shared_the_copy_shares_them()
    {
        var disk = _scratch.At("disk");
        await using (var file = File.Create(disk))
            file.SetLength(512 << 20);
        Assert.SkipUnless(
            Scratch.Run("sh", "-c", $"mkfs.xfs -q '{disk}' >/dev/null") == 0, "needs mkfs.xfs");
        var mount = _scratch.Mount("xfs", "-o", "loop", disk);
        var path = Path.Combine(mount, "a.raw");
        await File.WriteAllBytesAsync(path, Content);

        var source = new FileImageSource(new FileImageOptions { Roots = [mount] });
        var request = Request(path) with { DestinationPath = Path.Combine(mount, "image") };
        var fetched = await source.FetchAsync(request, null, default);
        Assert.Equal(Scratch.DigestOf(Content), fetched.Digest);
        Assert.Equal(Content, await File.ReadAllBytesAsync(fetched.Path));
    }

    [Fact]
    public async Task Two_fetches_to_one_destination_do_not_mix()
    {
        var path = _scratch.Write("images/a.raw", Content);
        await using var first = PartialFile.Open(Request(path));
        var error = await RefusedAsync(Request(path));
        Assert.Equal(LaunchErrorCode.ImageSource, error.Code);
        Assert.Contains(_scratch.PartPath, error.Message);
    }

    private FetchRequest Request(string path, Digest? expected = null) =>
        _scratch.Request(new Uri(path), expected);

    private Task<FetchedImage> FetchAsync(FetchRequest request) =>
        _source.FetchAsync(request, null, default);

    private async Task<LaunchError> RefusedAsync(FetchRequest request) =>
        (await Assert.ThrowsAsync<PortException>(() => FetchAsync(request))).Error;
}
