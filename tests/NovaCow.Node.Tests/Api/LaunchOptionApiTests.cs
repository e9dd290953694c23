using System.Text;
using System.Text.Json;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Api;

public sealed class LaunchOptionApiTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Fact]
    public async Task A_copied_instance_owns_its_bytes_and_says_so()
    {
        var instance = await LaunchAsync(Request("owner") with { Driver = "copy" });
        Assert.Equal(("active", "copy", "auto"), (instance.State, instance.Driver, instance.Layout));
        var root = instance.Disks[0];
        Assert.Equal(("copy", "raw", null), (root.Driver, root.Format, root.BackingFile));

        var shared = await LaunchAsync(Request("sharer"));
        Assert.Null(shared.Driver);
        Assert.Equal(("qcow2", "whole"), (shared.Disks[0].Driver, shared.Disks[0].Layout));
        Assert.NotNull(shared.Disks[0].BackingFile);
        Assert.Null(shared.Disks[0].Partitions);
    }

    [Fact]
    public async Task A_copy_is_deleted_without_a_trace()
    {
        var instance = await LaunchAsync(Request("leaver") with { Driver = "copy" });
        await node.Client.DeleteInstanceAsync("leaver", TimeSpan.FromSeconds(60), default);
        Assert.False(Directory.Exists(Path.GetDirectoryName(instance.Disks[0].Path)));
    }

    [Fact]
    public async Task The_same_id_with_another_driver_is_a_conflict()
    {
        await LaunchAsync(Request("choosy") with { Driver = "copy" });
        var e = await Assert.ThrowsAsync<NovaCowException>(() => LaunchAsync(Request("choosy")));
        Assert.Equal((409, "Conflict"), (e.Problem.Status, e.Problem.Code));
        Assert.Contains("driver copy", e.Message);
    }

    [Theory]
    [InlineData("\"driver\":\"zfs\"", 400, "InvalidRequest", "qcow2, reflink, lvm-thin, copy")]
    [InlineData("\"layout\":\"whole\"", 400, "InvalidRequest", "auto or ec2")]
    [InlineData("\"layout\":\"ec2\",\"driver\":\"qcow2\"", 422, "Unprocessable", "the driver copy")]
    public async Task Options_that_cannot_be_are_refused_with_the_remedy(
        string options, int status, string code, string says)
    {
        using var content = new StringContent(
            $"{{\"image\":\"disk\",\"flavor\":\"m1.tiny\",\"ids\":[\"no\"],{options}}}",
            Encoding.UTF8, "application/json");
        using var response = await node.Http.PostAsync("v1/instances", content);
        var problem = JsonSerializer.Deserialize<Problem>(
            await response.Content.ReadAsStringAsync(), NovaCowClient.Json)!;
        Assert.Equal((status, code), ((int)response.StatusCode, problem.Code));
        Assert.Contains(says, problem.Detail);
    }

    [Fact]
    public async Task A_driver_that_no_host_has_waits_with_the_reason()
    {
        var waiting = await node.Client.LaunchAsync(
            Request("thin") with { Driver = "lvm-thin" }, null, default);
        Assert.Equal("accepted", waiting.Instances[0].State);
        Assert.Contains("no volume driver lvm-thin", waiting.Instances[0].Reason);
        await node.Client.DeleteInstanceAsync("thin", TimeSpan.FromSeconds(60), default);
    }

    [Fact]
    public async Task A_placement_is_forecast_by_the_same_options()
    {
        var placement = await node.Client.ForecastAsync(
            Request("any") with { Layout = "ec2" }, default);
        Assert.Equal("test", placement.Host);
        Assert.True(Assert.Single(placement.Hosts).Ready.Seconds > 0);
        var refused = await node.Client.ForecastAsync(
            Request("any") with { Driver = "lvm-thin" }, default);
        Assert.Null(refused.Host);
        Assert.Contains("lvm-thin", Assert.Single(refused.Hosts).Because);
        var e = await Assert.ThrowsAsync<NovaCowException>(() => node.Client.ForecastAsync(
            Request("any") with { Driver = "qcow2", Layout = "ec2" }, default));
        Assert.Equal(422, e.Problem.Status);
    }

    [Fact]
    public async Task An_instance_is_explained_with_the_terms_of_each_host()
    {
        await node.Client.LaunchAsync(Request("why"), TimeSpan.FromSeconds(60), default);
        var explained = await node.Client.ExplainAsync("why", default);
        Assert.Equal("test", explained.Instance!.Host);
        Assert.Contains("ready in", explained.Instance.Reason);
        var here = Assert.Single(explained.Hosts);
        Assert.Equal("warm", here.Cache);
        Assert.Equal(0, here.Ready.Base);
        await node.Client.DeleteInstanceAsync("why", TimeSpan.FromSeconds(60), default);
        var e = await Assert.ThrowsAsync<NovaCowException>(
            () => node.Client.ExplainAsync("nobody", default));
        Assert.Equal(404, e.Problem.Status);
    }

    [Fact]
    public async Task A_host_says_which_drivers_it_has()
    {
        var host = await node.Client.GetHostAsync("test", default);
        Assert.Equal(host.Driver, host.Drivers[0]);
        Assert.Contains("copy", host.Drivers);
    }

    [Fact]
    public async Task An_image_says_what_is_inside()
    {
        var request = new RegisterImageRequest
        {
            Name = "win",
            Source = node.Image("win.raw", 1 << 20),
            OsType = "windows",
        };
        var image = await node.Client.RegisterImageAsync(request, default);
        Assert.Equal("windows", image.OsType);
        var e = await Assert.ThrowsAsync<NovaCowException>(() => node.Client.RegisterImageAsync(
            request with { OsType = "linux" }, default));
        Assert.Equal(409, e.Problem.Status);
    }

    [Theory]
    [InlineData("kernel", "gone", 404, "gone")]
    [InlineData("kernel", "disk", 422, "aki")]
    [InlineData("ramdisk", "disk", 422, "need a kernel")]
    [InlineData("kernelArguments", "ro\nquiet", 400, "one line")]
    [InlineData("kernelArguments", "ro", 422, "need a kernel")]
    [InlineData("osType", "Win 11", 400, "a-z")]
    public async Task What_an_image_cannot_boot_with_is_refused(
        string field, string value, int status, string says)
    {
        var json = JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["name"] = "bad-boot",
            ["source"] = node.Image("bad-boot.raw", 1 << 20),
            [field] = value,
        });
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await node.Http.PostAsync("v1/images", content);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(says, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_flavor_that_leaves_its_file_system_open_says_default()
    {
        var flavor = await node.Client.GetFlavorAsync("m1.small", default);
        Assert.Equal("default", Assert.Single(flavor.EphemeralDisks).FileSystem);
        var instance = await LaunchAsync(Request("open") with { Flavor = "m1.small" });
        Assert.EndsWith("-ext4", instance.Disks[1].BackingFile);
    }

    private static LaunchRequest Request(string id) =>
        new() { Image = "disk", Flavor = "m1.tiny", Ids = [id] };

    private async Task<InstanceResource> LaunchAsync(LaunchRequest request) =>
        (await node.Client.LaunchAsync(request, TimeSpan.FromSeconds(60), default)).Instances[0];
}
