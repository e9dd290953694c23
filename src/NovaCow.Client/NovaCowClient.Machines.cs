namespace NovaCow.Client;

/// <summary>Instances' machines and further disks. What changes them is answered as operations on
/// disks are.</summary>
public sealed partial class NovaCowClient
{
    /// <summary>Starts the machine.</summary>
    public Task<InstanceResource> StartInstanceAsync(
        string id, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "start", null, wait, ct);

    /// <summary>Stops the machine.</summary>
    public Task<InstanceResource> StopInstanceAsync(
        string id, StopRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "stop", request, wait, ct);

    /// <summary>Stops the machine and starts it.</summary>
    public Task<InstanceResource> RebootInstanceAsync(
        string id, StopRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "reboot", request, wait, ct);

    /// <summary>Makes the root disk anew from an image; what it held is lost.</summary>
    public Task<InstanceResource> RebuildInstanceAsync(
        string id, RebuildRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "rebuild", request, wait, ct);

    /// <summary>Makes an image of the root disk.</summary>
    public Task<InstanceResource> CaptureInstanceAsync(
        string id, CaptureImageRequest request, TimeSpan? wait, CancellationToken ct) =>
        OperateAsync(id, "capture", request, wait, ct);

    /// <summary>Plugs a further disk in, a new one or one that was detached.</summary>
    public async Task<InstanceResource> AttachDiskAsync(
        string id, AttachDiskRequest request, TimeSpan? wait, CancellationToken ct)
    {
        using var response = await ExchangeAsync(
            () =>
            {
                var message = Request(
                    HttpMethod.Post, $"v1/instances/{Segment(id)}/disks", request, wait);

                // A disk that has a name is plugged in once, however often that is asked.
                message.Options.Set(RetryPolicy.SameTwice, request.Disk is not null);
                return message;
            },
            HttpCompletionOption.ResponseContentRead,
            ct);
        return await ReadAsync<InstanceResource>(response, ct);
    }

    /// <summary>Unplugs a further disk.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="disk">The disk, for example <c>data0</c>.</param>
    /// <param name="delete">Whether what it holds goes too; else it can be attached again.</param>
    /// <param name="wait">How long to wait for the end; null: not.</param>
    /// <param name="ct">Gives up waiting; what was accepted goes on.</param>
    public Task<InstanceResource> DetachDiskAsync(
        string id, string disk, bool delete, TimeSpan? wait, CancellationToken ct) =>
        SendAsync<InstanceResource>(
            HttpMethod.Delete,
            $"v1/instances/{Segment(id)}/disks/{Segment(disk)}{(delete ? "?delete=true" : "")}",
            null,
            wait,
            ct);

    /// <summary>The machine as libvirt's domain XML.</summary>
    public async Task<string> GetDomainAsync(string id, CancellationToken ct)
    {
        using var response = await ExchangeAsync(
            () => Request(HttpMethod.Get, $"v1/instances/{Segment(id)}/domain", null, null),
            HttpCompletionOption.ResponseContentRead, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    /// <summary>The machine as a qemu command and its arguments.</summary>
    public Task<IReadOnlyList<string>> GetQemuCommandAsync(string id, CancellationToken ct) =>
        GetAsync<IReadOnlyList<string>>($"v1/instances/{Segment(id)}/domain?format=qemu", ct);
}
