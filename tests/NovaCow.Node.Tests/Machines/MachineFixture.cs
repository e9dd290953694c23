using Microsoft.Extensions.DependencyInjection;
using NovaCow.Cli;
using NovaCow.Client;
using NovaCow.Node.Api;
using NovaCow.Node.Catalogue;
using NovaCow.Node.Logging;
using NovaCow.Node.Metrics;
using NovaCow.Node.Security;
using NovaCow.Node.Settings;
using NovaCow.Node.Wiring;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Tests.Machines;

/// <summary>The whole API over a scheduler that is a fake.</summary>
public sealed class MachineFixture : IAsyncLifetime
{
    private static readonly Uri AnyPort = new("http://127.0.0.1:0");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("novacow-machines-");
    private ActorSystem _system = null!;
    private NodeLog _log = null!;
    private PrometheusExporter _metrics = null!;
    private Microsoft.AspNetCore.Builder.WebApplication _web = null!;

    internal FakeFleet Fleet { get; } = new();

    public NovaCowClient Client { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string Folder => _folder.FullName;

    public string LogFile => Path.Combine(Folder, "node.log");

    public async ValueTask InitializeAsync()
    {
        _log = new NodeLog(LogFile, LogLevel.DebugLevel, TimeProvider.System);
        _metrics = new PrometheusExporter();
        _system = ActorSystem.Create(
            "machines",
            new ActorSystemOptions { LogLevel = LogLevel.DebugLevel, LogSink = _log.Write });
        var scheduler = _system.ActorOf(Props.Create(() => new Front(Fleet)));
        var gateway = new SchedulerGateway(scheduler, () => null);
        var settings = SettingsReader.Load(
            null, $"novacow.data = {System.Text.Json.JsonSerializer.Serialize(Folder)}");
        _web = ApiServer.Create(AnyPort, null, _log, services =>
        {
            services.AddSingleton(_metrics);
            services.AddSingleton(_system);
            services.AddSingleton(gateway);
            services.AddSingleton(new CertificateDesk(null, gateway, _log));
            services.AddSingleton(new ImageRegistrar(
                ImageSources.Create(settings.Images, TimeProvider.System),
                ImageSources.CreateInspector(settings.Images),
                settings.Images,
                Path.Combine(Folder, "staging"),
                _ => { }));
        });
        ApiServer.MapApi(_web);
        var address = await ApiServer.StartAsync(_web, AnyPort, default);
        Client = new NovaCowClient(address);
        Http = new HttpClient { BaseAddress = address };
        Fleet.Add("web");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await _web.StopAsync();
        await _web.DisposeAsync();
        await _system.DisposeAsync();
        _metrics.Dispose();
        _log.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Runs a CLI command against the API.</summary>
    public async Task<(int Exit, string Output, string Error)> CliAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exit = await CommandLine.RunAsync(
            [.. args, "--api", Client.Address.ToString()], output, error);
        return (exit, output.ToString(), error.ToString());
    }

    private sealed class Front : ReceiveActor
    {
        public Front(FakeFleet fleet) => ReceiveAny(m => Sender.Tell(fleet.Answer(m)));
    }
}
