using NovaCow.Client;
using NovaCow.Cli;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Tests.Api;

/// <summary>A whole node in this process, with an image, on real files.</summary>
public class NodeFixture : IAsyncLifetime
{
    /// <summary>Long: a node that is kept from its processor or its disk for some seconds leads on,
    /// and no request is refused for want of a leader.</summary>
    private const string Lease = "novacow.control.lease = 1m";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-node-");
    private NovaCowNode _node = null!;

    public NovaCowClient Client { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string Folder => _folder.FullName;

    /// <summary>Settings beside those of every node here.</summary>
    protected virtual string Settings => "";

    public async ValueTask InitializeAsync()
    {
        var data = System.Text.Json.JsonSerializer.Serialize(Folder);
        _node = await NovaCowNode.StartAsync(
            SettingsReader.Load(null, $"""
                novacow.name = test
                novacow.data = {data}
                novacow.api.listen = "http://127.0.0.1:0"
                novacow.images.file.roots = [{data}]
                novacow.log-level = error
                novacow.host.vcpus = 1000
                novacow.host.memory = 10TiB
                novacow.host.reserve = 0
                novacow.control.overcommit.disk = 1000
                {Lease}
                {Settings}
                """),
            Path.Combine(Folder, "node.log"),
            CancellationToken.None);
        Client = new NovaCowClient(_node.Address);
        Http = new HttpClient { BaseAddress = _node.Address };
        await PollAsync(() => Client.IsReadyAsync(default));
        await Client.RegisterImageAsync(
            new RegisterImageRequest { Name = "disk", Source = Image("disk.raw", 1 << 20) }, default);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await _node.DisposeAsync();
        var errors = await File.ReadAllTextAsync(Path.Combine(Folder, "node.log"));
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);

        // Whatever the tests asked of it, none of it was a bug.
        Assert.True(errors.Length == 0, errors);
    }

    /// <summary>Makes an image file of random bytes.</summary>
    public string Image(string name, int bytes)
    {
        var path = Path.Combine(Folder, name);
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content.AsSpan(4096));
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Launches one instance and waits for it.</summary>
    public async Task<InstanceResource> LaunchAsync(string id, string flavor = "m1.tiny")
    {
        var answer = await Client.LaunchAsync(
            new LaunchRequest { Image = "disk", Flavor = flavor, Ids = [id] },
            TimeSpan.FromSeconds(60),
            default);
        return answer.Instances[0];
    }

    /// <summary>Runs a CLI command against the node.</summary>
    public async Task<(int Exit, string Output, string Error)> CliAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(
            [.. args, "--api", Client.Address.ToString()], output, error);
        return (exit, output.ToString(), error.ToString());
    }

    /// <summary>Waits until a condition holds.</summary>
    public static async Task PollAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(10), patience.Token);
    }
}
