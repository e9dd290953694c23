using System.Text;
using NovaCow.Actors.Hosting;
using NovaCow.Core;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>Disks that go to another host's disk in memory: what is sent names the disk.</summary>
internal sealed partial class FakeDisk : ITransfersDisks
{
    /// <summary>Where the hosts lend that others name by their address.</summary>
    public Func<string, TransferDesk>? Network { get; set; }

    public async Task ExportAsync(
        InstanceId instance, InstanceDisk disk, Stream into, CancellationToken cancellationToken)
    {
        var name = Encoding.UTF8.GetBytes($"{instance}/{disk.Name}");
        await Begin("send", cancellationToken, () => Disks[(instance, disk.Name)]);
        await into.WriteAsync(name, cancellationToken);
    }

    private async Task<Ensured<InstanceDisk>> ReceiveAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken token)
    {
        var (source, isOverBase) = request.Transfer!;
        using var bytes = new MemoryStream();
        var desk = Network!(source.Address);
        if (!await desk.WriteAsync(source.Token, request.Disk, bytes, token))
            throw PortException.Retryable(LaunchErrorCode.VolumeDriver, "it is not lent");
        Assert.Equal(
            $"{request.Instance}/{request.Disk}", Encoding.UTF8.GetString(bytes.ToArray()));
        progress?.Report(request.VirtualSizeBytes / 2);
        return await Begin("receive", token, () =>
        {
            var made = NewDisk(request) with { BackingFile = isOverBase ? request.Base : null };
            return new Ensured<InstanceDisk>(
                made, Disks.TryAdd((request.Instance, request.Disk), made));
        });
    }
}
