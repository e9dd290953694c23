using System.Net;
using System.Text;
using System.Text.Json;
using NovaCow.Actors.Protocols;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Security;

namespace NovaCow.Node.Tests.Machines;

public sealed class MachinesApiTests(MachineFixture node) : IClassFixture<MachineFixture>
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("start", "", "{\"$type\":\"start\"}")]
    [InlineData("stop", "", "{\"$type\":\"stop\",\"GraceSeconds\":60}")]
    [InlineData("stop", "{\"graceSeconds\":0}", "{\"$type\":\"stop\",\"GraceSeconds\":0}")]
    [InlineData("reboot", "{\"graceSeconds\":5}", "{\"$type\":\"reboot\",\"GraceSeconds\":5}")]
    [InlineData("rebuild", "{\"image\":\"deb\"}", "{\"$type\":\"rebuild\",\"Image\":\"deb\"}")]
    [InlineData("capture", "{\"name\":\"gold\"}", "{\"$type\":\"capture\",\"Name\":\"gold\"}")]
    [InlineData("disks", "{\"disk\":\"data0\"}",
        "{\"$type\":\"attach\",\"Disk\":\"data0\",\"Blank\":null}")]
    public async Task What_is_asked_reaches_the_scheduler_and_is_answered_with_the_instance(
        string verb, string body, string request)
    {
        var id = $"asked-{Guid.NewGuid():n}"[..20];
        node.Fleet.Add(id);
        using var response = await PostAsync($"v1/instances/{id}/{verb}", body);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal($"/v1/instances/{id}", response.Headers.Location?.ToString());
        var instance = JsonSerializer.Deserialize<InstanceResource>(
            await response.Content.ReadAsStringAsync(), NovaCowClient.Json)!;
        Assert.Equal("running", instance.Operation!.State);
        var asked = Assert.Single(
            node.Fleet.Asked<SchedulerProtocol.ChangeInstance>(), c => c.Id.Value == id);
        Assert.Equal(request, JsonSerializer.Serialize(asked.Request));
    }

    [Fact]
    public async Task Who_waits_is_answered_with_the_end()
    {
        node.Fleet.Add("waited");
        var stopped = await node.Client.StopInstanceAsync(
            "waited", new StopRequest { GraceSeconds = 5 }, Wait, default);
        Assert.Equal(("stop", "done"), (stopped.Operation!.Kind, stopped.Operation.State));
        Assert.Equal(("stopped", "guest"), (stopped.Power!.State, stopped.Power.Cause));
        var captured = await node.Client.CaptureInstanceAsync(
            "waited", new CaptureImageRequest { Name = "gold" }, Wait, default);
        Assert.Equal("capture of image gold", captured.Operation!.Detail);
        var detached = await node.Client.DetachDiskAsync("waited", "data0", true, Wait, default);
        Assert.Equal("detach of disk data0", detached.Operation!.Detail);
        Assert.True(Assert.IsType<ChangeRequest.Detach>(
            node.Fleet.Asked<SchedulerProtocol.ChangeInstance>()
                .Last(c => c.Id.Value == "waited").Request).Delete);
    }

    [Theory]
    [InlineData(null, null, BlankFileSystem.Raw, false)]
    [InlineData("raw", null, BlankFileSystem.Raw, false)]
    [InlineData("xfs", "pg", BlankFileSystem.Xfs, false)]
    [InlineData("default", "pg", BlankFileSystem.Ext4, true)]
    public async Task A_new_disk_is_what_was_asked_for(
        string? system, string? label, BlankFileSystem expected, bool isByOsType)
    {
        var id = $"disk-{system}-{label}x";
        node.Fleet.Add(id);
        await node.Client.AttachDiskAsync(
            id,
            new AttachDiskRequest { SizeBytes = 1 << 20, FileSystem = system, Label = label },
            null, default);
        var asked = Assert.Single(
            node.Fleet.Asked<SchedulerProtocol.ChangeInstance>(), c => c.Id.Value == id);
        Assert.Equal(
            new BlankSpec(1 << 20, expected)
            {
                IsByOsType = isByOsType,
                Label = label is null ? null : VolumeLabel.Parse(label),
            },
            Assert.IsType<ChangeRequest.Attach>(asked.Request).Blank);
    }

    [Theory]
    [InlineData("stop", "{\"graceSeconds\":-1}", 400, "graceSeconds")]
    [InlineData("stop", "{\"graceSeconds\":3601}", 400, "3600")]
    [InlineData("stop", "{\"grace\":1}", 400, "grace")]
    [InlineData("rebuild", "{}", 400, "image")]
    [InlineData("rebuild", "{\"image\":\"a b\"}", 400, "image")]
    [InlineData("capture", "{\"name\":null}", 400, "name")]
    [InlineData("capture", "", 400, "body")]
    [InlineData("disks", "{}", 400, "sizeBytes")]
    [InlineData("disks", "{\"disk\":\"../root\"}", 400, "disk")]
    [InlineData("disks", "{\"disk\":\"data0\",\"sizeBytes\":1048576}", 400, "data0")]
    [InlineData("disks", "{\"disk\":\"data0\",\"fileSystem\":\"ext4\"}", 400, "data0")]
    [InlineData("disks", "{\"sizeBytes\":1048576,\"fileSystem\":\"zfs\"}", 400, "raw, ext4")]
    [InlineData("disks", "{\"sizeBytes\":1048576,\"label\":\"A B\"}", 400, "label")]
    public async Task What_makes_no_sense_is_a_problem_that_names_the_field(
        string verb, string body, int status, string says)
    {
        using var response = await PostAsync($"v1/instances/web/{verb}", body);
        var problem = await ProblemAsync(response);
        Assert.Equal((status, "InvalidRequest"), (problem.Status, problem.Code));
        Assert.Contains(says, problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RequestErrorCode.CannotChange, 422)]
    [InlineData(RequestErrorCode.Conflict, 409)]
    [InlineData(RequestErrorCode.NoRoom, 409)]
    public async Task What_the_scheduler_refuses_is_told_with_its_reason(
        RequestErrorCode code, int status)
    {
        node.Fleet.Trouble = new RequestError(code, "host host-1 runs no machines");
        try
        {
            using var response = await PostAsync("v1/instances/web/start", "");
            var problem = await ProblemAsync(response);
            Assert.Equal((status, code.ToString()), (problem.Status, problem.Code));
            Assert.Equal("host host-1 runs no machines", problem.Detail);
        }
        finally
        {
            node.Fleet.Trouble = null;
        }
    }

    [Fact]
    public async Task A_machine_is_described_for_others_to_start()
    {
        Assert.Contains("<name>web</name>", await node.Client.GetDomainAsync("web", default));
        Assert.Equal(
            ["qemu", "-name", "web"], await node.Client.GetQemuCommandAsync("web", default));
        using var xml = await node.Http.GetAsync("v1/instances/web/domain");
        Assert.Equal("application/xml", xml.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(xml.Headers.GetValues("X-Content-Type-Options")));
        using var other = await node.Http.GetAsync("v1/instances/web/domain?format=vmware");
        Assert.Contains("libvirt or qemu", (await ProblemAsync(other)).Detail);
        using var nobody = await node.Http.GetAsync("v1/instances/nobody/domain");
        Assert.Equal(404, (await ProblemAsync(nobody)).Status);
    }

    [Fact]
    public async Task Power_disks_and_the_hypervisor_are_shown()
    {
        var instance = await node.Client.GetInstanceAsync("web", default);
        Assert.Equal(("running", "started"), (instance.Power!.State, instance.Power.Cause));
        Assert.Equal([true, false], instance.Disks.Select(d => d.Attached));
        var host = await node.Client.GetHostAsync("host-1", default);
        Assert.Equal(
            new HypervisorResource(
                "libvirt", "qemu", "QEMU 7.2", "kvm is not usable: guests are emulated"),
            host.Hypervisor);
    }

    [Fact]
    public async Task What_a_guest_is_told_reaches_the_scheduler_and_is_never_shown()
    {
        const string Secret = "password: hunter2";
        var request = new LaunchRequest
        {
            Image = "debian",
            Flavor = "m1.tiny",
            Ids = ["told"],
            Guest = new GuestRequest
            {
                HostName = "told.example",
                UserData = Secret,
                SshKeys = ["ssh-ed25519 AAAA me"],
                Seed = "configdrive",
            },
        };
        await node.Client.LaunchAsync(request, null, default);
        var asked = node.Fleet.Asked<SchedulerProtocol.Launch>()
            .Single(l => l.Instances[0].Value == "told").Options.Guest!;
        Assert.Equal(
            ("told.example", Secret, GuestSeedKind.ConfigDrive),
            (asked.HostName, asked.UserData, asked.Kind));
        Assert.Equal(["ssh-ed25519 AAAA me"], asked.SshKeys);
        Assert.DoesNotContain("hunter2", await node.Http.GetStringAsync("v1/instances/told"));
        Assert.DoesNotContain("hunter2", await node.Http.GetStringAsync("v1/instances"));
        Assert.DoesNotContain("hunter2", request.ToString());

        using var many = await PostAsync("v1/instances", JsonSerializer.Serialize(
            request with { Ids = ["a", "b"] }, NovaCowClient.Json));
        using var seed = await PostAsync("v1/instances", JsonSerializer.Serialize(
            request with { Guest = request.Guest with { Seed = "tape" } }, NovaCowClient.Json));
        using var broken = await PostAsync("v1/instances", JsonSerializer.Serialize(
            request, NovaCowClient.Json)
            .Replace("\"told.example\"", "7", StringComparison.Ordinal));
        Assert.Contains("guest.hostName", await many.Content.ReadAsStringAsync());
        foreach (var response in (HttpResponseMessage[])[many, seed, broken])
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.DoesNotContain("hunter2", text);
        }

        await using var log = File.Open(
            node.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var lines = new StreamReader(log);
        Assert.DoesNotContain("hunter2", await lines.ReadToEndAsync());
    }

    [Fact]
    public async Task The_description_knows_the_consoles_headers_and_bytes()
    {
        using var document = JsonDocument.Parse(await node.Http.GetStringAsync("openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths");
        foreach (var verb in (string[])["start", "stop", "reboot", "rebuild", "capture", "disks"])
            Assert.True(paths.TryGetProperty($"/v1/instances/{{id}}/{verb}", out _), verb);
        Assert.True(paths.GetProperty("/v1/instances/{id}/disks/{disk}")
            .TryGetProperty("delete", out _));
        Assert.True(paths.GetProperty("/v1/instances/{id}/console").GetProperty("get")
            .GetProperty("responses").GetProperty("200").GetProperty("content")
            .TryGetProperty("application/octet-stream", out _));
        var domain = paths.GetProperty("/v1/instances/{id}/domain").GetProperty("get")
            .GetProperty("responses").GetProperty("200").GetProperty("content");
        Assert.True(domain.TryGetProperty("application/xml", out _));
        Assert.True(domain.TryGetProperty("application/json", out _));
    }

    [Fact]
    public async Task Every_route_is_for_operators_but_those_by_which_hosts_join()
    {
        using var document = JsonDocument.Parse(await node.Http.GetStringAsync("openapi/v1.json"));
        var open = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(
                o => (Method: o.Name.ToUpperInvariant(), Path: p.Name)))
            .Where(r => AccessTable.DoorOf(r.Method, r.Path) != Door.Api)
            .Select(r => $"{r.Method} {r.Path}");
        Assert.Equal(["GET /v1/ca", "POST /v1/join", "POST /v1/renew"], open.Order());
    }

    private Task<HttpResponseMessage> PostAsync(string path, string body) =>
        node.Http.PostAsync(
            path,
            body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json"));

    private static async Task<Problem> ProblemAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return JsonSerializer.Deserialize<Problem>(
            await response.Content.ReadAsStringAsync(), NovaCowClient.Json)!;
    }
}
