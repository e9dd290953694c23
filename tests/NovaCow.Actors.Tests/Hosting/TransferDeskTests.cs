using System.Text;
using NovaCow.Actors.Hosting;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Actors.Tests.Hosting;

public sealed class TransferDeskTests
{
    private readonly VirtualTimeProvider _time = new();
    private readonly FakeDisk _disk = new();
    private readonly TransferDesk _desk;

    public TransferDeskTests() => _desk = new TransferDesk(new VolumeDriverSet(_disk), _time);

    private static InstanceDisk Root => new()
    {
        Name = DiskName.Root,
        BackingFile = null,
        VirtualSizeBytes = Given.GiB,
        AllocatedBytes = 1,
        Path = "/root",
        Format = "qcow2",
    };

    private string Offer(int number = 1)
    {
        _disk.Disks[(Given.Id(), DiskName.Root)] = Root;
        return _desk.Offer(Given.Id(), number, [Root]);
    }

    private async Task<string?> ReadAsync(string token, DiskName? disk = null)
    {
        using var bytes = new MemoryStream();
        return await _desk.WriteAsync(token, disk ?? DiskName.Root, bytes, default)
            ? Encoding.UTF8.GetString(bytes.ToArray())
            : null;
    }

    [Fact]
    public async Task Who_has_the_token_gets_the_disks_of_that_instance_and_no_others()
    {
        var token = Offer();
        Assert.Equal(32, token.Length);
        Assert.Equal("vm-1/root", await ReadAsync(token));
        Assert.Null(await ReadAsync(token, DiskName.Swap));
        Assert.Null(await ReadAsync(token[..^1]));
        Assert.Null(await ReadAsync(new string('0', 32)));
        Assert.Null(await ReadAsync(""));
    }

    [Fact]
    public async Task One_move_has_one_token_and_the_next_has_another()
    {
        var first = Offer();
        Assert.Equal(first, Offer());
        var second = Offer(number: 2);
        Assert.NotEqual(first, second);
        Assert.Null(await ReadAsync(first));
        _desk.Withdraw(Given.Id(), number: 1);
        Assert.NotNull(await ReadAsync(second));
    }

    [Fact]
    public void A_driver_that_cannot_send_is_named()
    {
        var desk = new TransferDesk(
            new VolumeDriverSet(_disk, _disk.Raw(DriverName.Copy)), _time);
        Assert.Null(desk.WhyNot(Given.Id(), [Root]));
        var error = desk.WhyNot(Given.Id(), [Root with { Driver = DriverName.Copy }]);
        Assert.Contains("the driver copy", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_withdrawn_is_not_lent_and_what_is_on_its_way_breaks_off()
    {
        var token = Offer();
        _disk.Hold("send");
        var reading = ReadAsync(token);
        _desk.Withdraw(Given.Id());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        _disk.Heal();
        Assert.Null(await ReadAsync(token));
    }

    [Fact]
    public async Task What_nobody_asks_about_any_more_is_lent_no_longer()
    {
        var token = Offer();
        _time.Advance(TransferDesk.LentFor - TimeSpan.FromSeconds(1));
        Offer();
        _time.Advance(TransferDesk.LentFor);
        Assert.NotNull(await ReadAsync(token));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await ReadAsync(token));
    }
}
